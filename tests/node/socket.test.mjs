// node socket.test.mjs BASE_URL: the realtime contract, seen by the official client. Started by api/tests/it/realtime.rs,
// which owns the server and its simulated clock: time passes only where `server('advance', …)` says so.

import assert from 'node:assert/strict';
import { Client, run, server, test } from './client.mjs';

const url = process.argv[2];
const { ours, theirs, alone, admin } = await server('world');
const nobody = '01890000-0000-7000-8000-000000000000';

/** Connected, authenticated and shown how things stand. */
const enter = async (person, transport) => {
  const client = new Client(url, { token: person.token }, transport);
  await client.until('snapshot');
  return client;
};

for (const transport of ['websocket', 'polling']) {
  const connecting = (name, body) => test(`${transport}: ${name}`, body);

  connecting('a token in the handshake lets in, and says who and how things stand', async () => {
    const client = await enter(ours.agent, transport);
    const order = client.told.map((one) => one.event);
    assert.deepEqual(order, ['connect', 'authenticated', 'snapshot']);
    assert.equal(client.socket.io.engine.transport.name, transport);
    const { user } = await client.until('authenticated');
    assert.deepEqual([user.id, user.role, user.companyId, user.agentId],
      [ours.agent.user, 'agent', ours.id, ours.agent.agent]);
    const snapshot = await client.until('snapshot');
    assert.equal(snapshot.agent.agentId, ours.agent.agent);
    assert.deepEqual([snapshot.offers, snapshot.calls], [[], []]);
    client.close();
  });

  connecting('a bad token is refused with the code of the failure', async () => {
    for (const token of ['x', `${ours.agent.token}x`, 7, { a: 1 }, '']) {
      const client = new Client(url, { token }, transport);
      assert.equal(await client.until('connect_error'), 'TOKEN_INVALID');
      assert.deepEqual(client.heard('connect'), []);
      client.close();
    }
  });

  connecting('a socket may say later who it is, and is nobody until then', async () => {
    const client = new Client(url, undefined, transport);
    await client.until('connect');
    for (const event of ['heartbeat', 'resume', 'offer:accept', 'no such event']) {
      const answer = await client.ask(event, {});
      assert.deepEqual([answer.success, answer.code], [false, 'NOT_AUTHENTICATED'], event);
    }
    const refused = await client.ask('authenticate', { token: 'x' });
    assert.deepEqual([refused.success, refused.code], [false, 'TOKEN_INVALID']);
    assert.equal((await client.until('authentication_error')).code, 'TOKEN_INVALID');
    await server('tell', { company: 'ours', room: 'agent', events: 1 });
    const accepted = await client.ask('authenticate', { token: ours.agent.token });
    assert.deepEqual([accepted.success, accepted.data.user.id], [true, ours.agent.user]);
    await client.until('snapshot');
    assert.deepEqual(client.heard('notification'), []);
    const other = await client.ask('authenticate', { token: ours.manager.token });
    assert.equal(other.code, 'SOCKET_OF_ANOTHER_USER');
    client.close();
  });

  connecting('a socket that has not said in ten seconds who it is, is ended', async () => {
    const client = new Client(url, {}, transport);
    await client.until('connect');
    await server('advance', { seconds: 9 });
    await client.upToNow();
    await server('advance', { seconds: 2 });
    assert.equal((await client.until('authentication_error')).code, 'NOT_AUTHENTICATED');
    assert.equal(await client.until('disconnect'), 'io server disconnect');
  });

  connecting('an event reaches its rooms, in the order of the company, and nobody else', async () => {
    const agent = await enter(ours.agent, transport);
    const manager = await enter(ours.manager, transport);
    const stranger = await enter(theirs.agent, transport);
    const theirManager = await enter(theirs.manager, transport);
    const none = await enter(alone, transport);
    const platform = await enter(admin, transport);
    await server('tell', { company: 'ours', room: 'agent', events: 2 });
    await server('tell', { company: 'ours', room: 'queue', events: 1 });
    await server('tell', { company: 'ours', room: 'supervisors', events: 1 });
    const fourth = await manager.until('notification');
    const all = [agent, manager, stranger, theirManager, none, platform];
    await Promise.all(all.map((client) => client.upToNow()));
    const seqs = (client) => client.heard('notification').map((payload) => payload.seq - fourth.seq);
    assert.deepEqual(all.map(seqs), [[-3, -2, -1], [0], [], [], [], []]);
    all.forEach((client) => client.close());
  });
}

test('a story is told to those who may see it, and its views to its author', async () => {
  const [agent, manager, owner] = await Promise.all([ours.agent, ours.manager, ours.owner].map((one) => enter(one)));
  const post = async (path, by, body) => {
    const headers = { authorization: `Bearer ${by.token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/api/stories${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${answer.status}`);
    return (await answer.json()).data;
  };
  const audience = { who: 'only', userIds: [ours.agent.user] };
  const { id } = await post('', ours.manager, { text: 'Lunch is here', audience });
  const { seq, ...news } = await agent.until('new_story');
  assert.deepEqual([news.storyId, news.userId, news.kind, seq > 0], [id, ours.manager.user, 'text', true]);
  await post(`/${id}/react`, ours.agent, { emoji: '👍' });
  const reaction = await manager.until('story_reaction');
  assert.deepEqual([reaction.storyId, reaction.userId, reaction.emoji], [id, ours.agent.user, '👍']);
  await Promise.all([agent, manager, owner].map((client) => client.upToNow()));
  const names = ['new_story', 'story_viewed', 'story_reaction'];
  const heard = (client) => names.map((name) => client.heard(name).length);
  assert.deepEqual([agent, manager, owner].map(heard), [[1, 0, 0], [1, 1, 1], [0, 0, 0]]);
  [agent, manager, owner].forEach((client) => client.close());
});

test('whatever is sent is answered, and the socket lives on', async () => {
  const client = await enter(ours.agent);
  const malformed = [[], [null], ['x'], [7], [[]], [{}], [{ offerId: 'x', availability: 'x', from: 'x', token: 7 }],
    [{ offerId: [], availability: {}, from: -1, token: null }], [Buffer.from('x')]];
  for (const event of ['offer:accept', 'offer:decline', 'agent:status', 'resume']) {
    for (const payload of malformed) {
      const answer = await client.ask(event, ...payload);
      assert.deepEqual([answer.success, answer.code, answer.errors.length], [false, 'VALIDATION_FAILED', 1]);
    }
    await server('advance', { seconds: 1 });
  }
  const long = await client.ask('agent:status', { availability: 'break', reason: 'x'.repeat(201) });
  assert.deepEqual(long.errors, [{ field: '/reason', message: 'must have at most 200 characters' }]);
  assert.equal((await client.ask('no such event')).code, 'UNKNOWN_EVENT');
  client.socket.emit('offer:accept', { offerId: nobody }); // without an acknowledgement
  assert.equal((await client.ask('offer:accept', { offerId: nobody })).code, 'OFFER_NOT_FOUND');
  assert.equal((await client.ask('offer:decline', { offerId: nobody })).code, 'OFFER_NOT_FOUND');
  assert.deepEqual(client.heard('disconnect'), []);
  client.close();
});

test('a role may do over a socket what it may do over REST', async () => {
  const manager = await enter(ours.manager);
  assert.equal((await manager.ask('heartbeat')).code, 'AGENT_NOT_FOUND');
  const none = await enter(alone);
  const refused = await none.ask('agent:status', { availability: 'available' });
  assert.deepEqual([refused.code, refused.message], ['FORBIDDEN', 'This needs the permission agents:set-availability.']);
  assert.equal((await none.ask('offer:accept', { offerId: nobody })).code, 'FORBIDDEN');
  [manager, none].forEach((client) => client.close());
});

test('too many events at once are answered so', async () => {
  const client = await enter(ours.manager);
  const answers = await Promise.all(Array.from({ length: 50 }, () => client.ask('x')));
  const limited = answers.filter((answer) => answer.code === 'RATE_LIMITED').length;
  assert.equal(limited, 10);
  await server('advance', { seconds: 1 });
  assert.equal((await client.ask('x')).code, 'UNKNOWN_EVENT');
  client.close();
});

test('a client that comes back is told what it has missed and may see', async () => {
  const first = await enter(ours.agent);
  await server('tell', { company: 'ours', room: 'agent', events: 1 });
  const { seq } = await first.until('notification');
  first.close();
  await server('tell', { company: 'ours', room: 'agent', events: 2 });
  await server('tell', { company: 'ours', room: 'supervisors', events: 1 });
  await server('tell', { company: 'ours', room: 'agent', events: 1 });
  const second = await enter(ours.agent);
  assert.equal((await second.until('snapshot')).seq, seq + 4);
  const answer = await second.ask('resume', { from: seq });
  assert.deepEqual(answer, { success: true, data: { seq: seq + 4, events: 3 } });
  assert.deepEqual(second.heard('notification').map((one) => one.seq), [seq + 1, seq + 2, seq + 4]);
  assert.deepEqual((await second.ask('resume', { from: seq + 4 })).data, { seq: seq + 4, events: 0 });
  await server('tell', { company: 'ours', room: 'agent', events: 1 });
  await second.until('notification', (one) => one.seq === seq + 5);
  second.close();
});

test('what another node tells is found without a word from it', async () => {
  const client = await enter(ours.agent);
  await server('tell', { company: 'ours', room: 'agent', events: 2, from: 'another node' });
  await client.upToNow();
  assert.deepEqual(client.heard('notification'), []);
  await server('advance', { seconds: 1 });
  await client.upToNow();
  assert.equal(client.heard('notification').length, 2);
  client.close();
});

test('an event that never comes is waited for, and then made up for by a snapshot', async () => {
  const client = await enter(ours.agent);
  const { seq } = await client.until('snapshot');
  await server('lose an event', { company: 'ours' });
  await server('tell', { company: 'ours', room: 'agent', events: 1 });
  await server('advance', { seconds: 2 });
  await client.upToNow();
  assert.deepEqual([client.heard('snapshot').length, client.heard('notification').length], [1, 0]);
  await server('advance', { seconds: 3 });
  // Who has left the company's sockets goes offline meanwhile, which is an event, too.
  const made = await client.until('snapshot', (snapshot) => snapshot.seq >= seq + 2);
  await server('tell', { company: 'ours', room: 'agent', events: 1 });
  assert.ok((await client.until('notification')).seq > made.seq);
  client.close();
});

test('a gap that is too large, gone, or of another world is answered with a snapshot', async () => {
  const client = await enter(ours.agent);
  const { seq } = await client.until('snapshot');
  const resumed = async (from) => {
    client.forget();
    const { data } = await client.ask('resume', { from });
    assert.equal(client.heard('snapshot').length, data.snapshot ? 1 : 0);
    return data;
  };
  assert.deepEqual(await resumed(seq + 7), { seq, snapshot: true });
  await server('tell', { company: 'ours', room: 'supervisors', events: 1000 });
  assert.deepEqual(await resumed(seq), { seq: seq + 1000, events: 0 });
  await server('tell', { company: 'ours', room: 'agent', events: 1 });
  assert.deepEqual(await resumed(seq), { seq: seq + 1001, snapshot: true });
  await server('forget', { company: 'ours' });
  assert.deepEqual(await resumed(seq + 1000), { seq: seq + 1001, snapshot: true });
  assert.deepEqual(await resumed(seq + 1001), { seq: seq + 1001, events: 0 });
  client.close();
});

test('an offer reaches its agent and the supervisors, and is declined and accepted here', async () => {
  const agent = await enter(ours.agent);
  const manager = await enter(ours.manager);
  const stranger = await enter(theirs.agent);
  const status = await agent.ask('agent:status', { availability: 'available' });
  assert.deepEqual([status.success, status.data.availability, status.data.activity], [true, 'available', 'idle']);
  assert.ok((await agent.ask('heartbeat')).data.readyUntil);

  const { callId } = await server('enqueue');
  const offer = await agent.until('offer:new');
  assert.equal(offer.call.id, callId);
  assert.equal((await manager.until('offer:new')).offerId, offer.offerId);
  await server('advance', { seconds: 1 });
  await manager.until('queue:update', (one) => one.queueId === ours.queue && one.waiting === 1);

  assert.equal((await stranger.ask('offer:accept', { offerId: offer.offerId })).code, 'OFFER_NOT_FOUND');
  const again = await enter(ours.agent);
  assert.deepEqual((await again.until('snapshot')).offers.map((one) => one.offerId), [offer.offerId]);
  assert.deepEqual(await agent.ask('offer:decline', { offerId: offer.offerId }), { success: true, data: {} });
  assert.equal((await again.until('offer:revoked')).offerId, offer.offerId);
  assert.equal((await agent.ask('offer:accept', { offerId: offer.offerId })).code, 'OFFER_CLOSED');

  const next = await server('enqueue');
  const second = await agent.until('offer:new', (one) => one.call.id === next.callId);
  const accepted = await again.ask('offer:accept', { offerId: second.offerId });
  assert.deepEqual(accepted, { success: true, data: { callId: next.callId } });
  assert.equal((await agent.until('offer:accepted')).callId, next.callId);
  assert.equal((await agent.ask('offer:accept', { offerId: second.offerId })).code, 'OFFER_ALREADY_ACCEPTED');
  const third = await enter(ours.agent);
  const snapshot = await third.until('snapshot');
  assert.deepEqual([snapshot.offers, snapshot.agent.activity], [[], 'on_call']);
  assert.deepEqual(snapshot.calls.map((one) => [one.callId, one.segmentState]), [[next.callId, 'reserved']]);

  await stranger.upToNow();
  assert.deepEqual([...stranger.heard('offer:new'), ...stranger.heard('call:update')], []);
  [agent, manager, stranger, again, third].forEach((client) => client.close());
});

test('a browser that is silent for a minute makes its agent away, until he says otherwise', async () => {
  const client = await enter(theirs.agent);
  assert.ok((await client.ask('agent:status', { availability: 'available' })).success);
  assert.ok((await client.ask('heartbeat')).success);
  assert.equal(await server('watches', { company: 'theirs' }), 1);
  await server('advance', { seconds: 40 });
  assert.ok((await client.ask('heartbeat')).success);
  assert.equal(await server('watches', { company: 'theirs' }), 1);
  await server('advance', { seconds: 58 });
  await client.upToNow();
  assert.equal(client.heard('agent:status').at(-1).availability, 'available');
  await server('advance', { seconds: 4 });
  const lost = await client.until('agent:status', (status) => status.availability === 'away');
  assert.equal(lost.reason, 'device');
  assert.equal(await server('watches', { company: 'theirs' }), 0);
  assert.ok((await client.ask('agent:status', { availability: 'available' })).success);
  assert.equal(await server('watches', { company: 'theirs' }), 1);
  client.close();
});

test('a session that ends takes its sockets with it within a second', async () => {
  const client = await enter(ours.owner);
  const bystander = await enter(ours.manager);
  const logout = { method: 'POST', headers: { authorization: `Bearer ${ours.owner.token}` } };
  assert.equal((await fetch(`${url}/api/auth/logout`, logout)).status, 200);
  await server('advance', { seconds: 1 });
  assert.equal((await client.until('authentication_error')).code, 'SESSION_ENDED');
  assert.equal(await client.until('disconnect'), 'io server disconnect');
  const back = new Client(url, { token: ours.owner.token });
  assert.equal(await back.until('connect_error'), 'SESSION_ENDED');
  await bystander.upToNow();
  assert.deepEqual(bystander.heard('disconnect'), []);
  [back, bystander].forEach((one) => one.close());
});

test('an agent whom a supervisor signs out loses his sockets within a second, and everybody learns why', async () => {
  const client = await enter(theirs.agent);
  const manager = await enter(theirs.manager);
  const order = { method: 'POST', headers: { authorization: `Bearer ${theirs.manager.token}` } };
  assert.equal((await fetch(`${url}/api/agents/${theirs.agent.agent}/logout`, order)).status, 200);
  const status = await manager.until('agent:status', (status) => status.availability === 'offline');
  assert.equal(status.agentId, theirs.agent.agent);
  await server('advance', { seconds: 1 });
  assert.equal((await client.until('authentication_error')).code, 'SESSION_ENDED');
  assert.equal(await client.until('disconnect'), 'io server disconnect');
  await manager.upToNow();
  assert.deepEqual(manager.heard('disconnect'), []);
  manager.close();
});

test('a token that runs out ends its socket', async () => {
  const client = await enter(ours.manager);
  await server('advance', { seconds: 15 * 60 });
  assert.equal((await client.until('authentication_error')).code, 'TOKEN_EXPIRED');
  await client.until('disconnect');
});

test('a server that stops closes its sockets, so that clients go elsewhere', async () => {
  const client = new Client(url);
  await client.until('connect');
  await server('stop');
  assert.equal(await client.until('disconnect'), 'transport close');
});

await run();
