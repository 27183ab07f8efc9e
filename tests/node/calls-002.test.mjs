// node calls-002.test.mjs BASE_URL…: document 002's sequence of signalling, by the official client. Started by
// api/tests/it/peer_calls.rs, which owns the server and its simulated clock.

import assert from 'node:assert/strict';
import { run, server, test } from './client.mjs';
import { ANSWER, CANDIDATE, OFFER, call, device, done, events, rest } from './calls.mjs';

const { ours, theirs } = await server('world');
const nobody = '01890000-0000-7000-8000-000000000000';

const initiate = (client, receiver, more = {}) =>
  client.ask('call:initiate', { receiverId: receiver.user, callType: 'voice', offer: OFFER, ...more });

/** Ann, who has a call with Bob. */
const talking = async (ann, bob) => {
  const { callId } = await done(initiate(ann, ours.agent));
  await bob.until('call:incoming', (one) => one.callId === callId);
  await done(bob.ask('call:answer', { callId, answer: ANSWER }));
  await ann.until('call:answered', (one) => one.callId === callId);
  return callId;
};

test('a call from the first word to the last, with a row in the database', async () => {
  const ann = await device(ours.manager);
  const bob = await device(ours.agent);
  const stranger = await device(theirs.agent);
  const made = await done(initiate(ann, ours.agent, { callType: 'video' }));
  const incoming = await bob.until('call:incoming');
  assert.deepEqual([incoming.callId, incoming.from.id, incoming.callType, incoming.offer],
    [made.callId, ours.manager.user, 'video', OFFER]);
  assert.ok(incoming.from.name && incoming.seq > 0);
  assert.equal((await ann.until('call:ringing')).callId, made.callId);
  assert.deepEqual(made.iceServers, []);
  assert.equal((await call(made.callId)).status, 'ringing');

  await done(bob.ask('call:answer', { callId: made.callId, answer: ANSWER }));
  assert.deepEqual((await ann.until('call:answered')).answer, ANSWER);
  await done(ann.ask('call:ice-candidate', { callId: made.callId, candidate: CANDIDATE }));
  await done(bob.ask('call:ice-candidate', { callId: made.callId, candidate: { ...CANDIDATE, sdpMid: '1' } }));
  assert.deepEqual((await bob.until('call:ice-candidate')).candidate, CANDIDATE);
  assert.deepEqual((await ann.until('call:ice-candidate')).candidate.sdpMid, '1');

  await done(ann.ask('call:renegotiate', { callId: made.callId, description: { ...OFFER, sdp: 'screen' } }));
  assert.equal((await bob.until('call:renegotiate')).description.sdp, 'screen');
  await done(ann.ask('call:media', { callId: made.callId, audio: true, video: false, screen: true }));
  const { audio, video, screen } = await bob.until('call:media');
  assert.deepEqual([audio, video, screen], [true, false, true]);

  await server('advance', { seconds: 90 });
  const ended = await done(ann.ask('call:end', { callId: made.callId, qualityScore: 5 }));
  assert.deepEqual([ended.status, ended.duration], ['ended', 90]);
  assert.equal((await bob.until('call:ended')).duration, 90);
  const row = await call(made.callId);
  assert.deepEqual([row.status, row.call, row.outcome, row.reason], ['ended', 'completed', 'answered', 'hung_up']);
  assert.deepEqual(row.parties.map((party) => [party.user, party.state, party.score]),
    [[ours.manager.user, 'left', 5], [ours.agent.user, 'left', null]]);
  assert.equal(row.slots, 0);
  await done(ann.ask('call:end', { callId: made.callId })); // said twice

  await stranger.caughtUp();
  assert.deepEqual(stranger.told.filter((one) => /call|CALL/.test(one.event)), []);
  const again = [['call:answer', { answer: ANSWER }, 'CALL_IS_OVER'], ['call:ice-candidate', { candidate: CANDIDATE }, 'CALL_IS_OVER']];
  for (const [event, more, code] of again) {
    assert.equal((await bob.ask(event, { callId: made.callId, ...more })).code, code, event);
  }
  [ann, bob, stranger].forEach((client) => client.close());
});

test('the history, the story and the figures of a call are those of document 002', async () => {
  const { data: history, pagination } = await rest(ours.agent, 'GET', '/api/calls/history?limit=50&page=1');
  assert.deepEqual([history.length, pagination.total, history[0].kind], [1, 1, 'peer']);
  const { peer } = history[0];
  assert.deepEqual([peer.callerId, peer.receiverId, peer.callType, peer.status, peer.duration, peer.endReason],
    [ours.manager.user, ours.agent.user, 'video', 'ended', 90, 'hung_up']);
  const { data: stats } = await rest(ours.agent, 'GET', '/api/calls/stats');
  assert.deepEqual(stats.stats, {
    totalCalls: 1, missedCalls: 0, receivedCalls: 1, madeCalls: 0, totalDuration: 90, avgDuration: 90, totalDurationMinutes: 1,
  });
  const { data: story } = await rest(ours.manager, 'GET', `/api/calls/${history[0].id}/events`);
  assert.deepEqual(story.map((line) => line.kind),
    ['call.arrived', 'peer.ringing', 'call.connected', 'caller.left', 'call.ended']);
});

test('a call is refused, and the caller learns why', async () => {
  const ann = await device(ours.manager);
  const bob = await device(ours.agent);
  for (const [said, status, event] of [
    [{ reason: 'declined' }, 'rejected', 'call:rejected'], [{}, 'rejected', 'call:rejected'], [{ reason: 'busy' }, 'busy', 'call:busy'],
  ]) {
    const { callId } = await done(initiate(ann, ours.agent));
    assert.equal((await done(bob.ask('call:reject', { callId, ...said }))).status, status);
    assert.equal((await ann.until(event, (one) => one.callId === callId)).reason, said.reason ?? 'declined');
    assert.equal((await call(callId)).status, status);
  }
  [ann, bob].forEach((client) => client.close());
});

test('who has a call is busy, and finds the other among those that he has missed', async () => {
  const [ann, bob, eve] = [await device(ours.manager), await device(ours.agent), await device(ours.owner)];
  const callId = await talking(ann, bob);
  const refused = await initiate(eve, ours.agent);
  assert.deepEqual([refused.success, refused.code], [false, 'BUSY']);
  const busy = await eve.until('call:busy');
  assert.equal((await call(busy.callId)).status, 'busy');
  assert.equal((await initiate(ann, ours.owner)).code, 'BUSY');
  assert.deepEqual(bob.heard('call:incoming').map((one) => one.callId), [callId]);
  await done(bob.ask('call:end', { callId }));
  await ann.until('call:ended');

  const missed = async () => (await rest(ours.agent, 'GET', '/api/calls/missed')).data;
  const before = await missed();
  assert.deepEqual([before.missedCalls[0].call.id, before.missedCalls[0].seen], [busy.callId, false]);
  await rest(ours.agent, 'POST', `/api/calls/${busy.callId}/mark-seen`);
  assert.equal((await missed()).unseenCount, before.unseenCount - 1);
  await rest(ours.agent, 'POST', '/api/calls/missed/mark-seen');
  assert.equal((await missed()).unseenCount, 0);
  await rest(ours.agent, 'DELETE', `/api/calls/${busy.callId}`);
  assert.ok((await missed()).missedCalls.every((one) => one.call.id !== busy.callId));
  [ann, bob, eve].forEach((client) => client.close());
});

test('who is not there has missed the call', async () => {
  const ann = await device(ours.manager);
  await server('advance', { seconds: 25 }); // the others' devices are gone for longer than they are waited for
  const refused = await initiate(ann, ours.owner);
  assert.equal(refused.code, 'USER_OFFLINE');
  const failed = await ann.until('call:failed');
  assert.equal(failed.reason, 'offline');
  const { data } = await rest(ours.owner, 'GET', '/api/calls/missed');
  assert.deepEqual(data.missedCalls.map((one) => [one.call.id, one.call.peer.status]), [[failed.callId, 'missed']]);
  ann.close();
});

test('what rings for a minute is missed', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)];
  const { callId } = await done(initiate(ann, ours.agent));
  await server('advance', { seconds: 59 });
  await bob.caughtUp();
  assert.deepEqual(bob.heard('call:timeout'), []);
  await server('advance', { seconds: 2 });
  for (const client of [ann, bob]) assert.equal((await client.until('call:timeout')).callId, callId);
  const row = await call(callId);
  assert.deepEqual([row.status, row.reason, row.slots], ['missed', 'no_answer', 0]);
  assert.equal((await bob.ask('call:answer', { callId, answer: ANSWER })).code, 'CALL_IS_OVER');
  const cancelled = await done(initiate(ann, ours.agent));
  await done(ann.ask('call:end', { callId: cancelled.callId }));
  assert.equal((await bob.until('call:ended', (one) => one.callId === cancelled.callId)).reason, 'cancelled');
  assert.equal((await call(cancelled.callId)).status, 'missed');
  [ann, bob].forEach((client) => client.close());
});

test('all devices ring, one answers, the others are told', async () => {
  const [ann, desk, phone] = [await device(ours.manager), await device(ours.agent), await device(ours.agent)];
  const { callId } = await done(initiate(ann, ours.agent));
  await done(ann.ask('call:ice-candidate', { callId, candidate: CANDIDATE }));
  for (const client of [desk, phone]) {
    await client.until('call:incoming', (one) => one.callId === callId);
    await client.until('call:ice-candidate', (one) => one.callId === callId);
  }
  const late = await device(ours.agent); // woken, and connects while it rings
  assert.deepEqual((await late.until('call:incoming')).offer, OFFER);
  await done(phone.ask('call:answer', { callId, answer: ANSWER }));
  for (const client of [desk, late]) {
    assert.equal((await client.until('call:ended', (one) => one.callId === callId)).reason, 'answered_elsewhere');
  }
  assert.equal((await desk.ask('call:answer', { callId, answer: ANSWER })).code, 'CALL_NOT_RINGING');
  await done(phone.ask('call:answer', { callId, answer: ANSWER })); // said twice
  await done(ann.ask('call:ice-candidate', { callId, candidate: { ...CANDIDATE, sdpMid: '2' } }));
  await phone.until('call:ice-candidate', (one) => one.candidate.sdpMid === '2');
  await Promise.all([desk, late, phone].map((client) => client.caughtUp()));
  assert.deepEqual([desk, late, phone].map((client) => events(client, 'call:ice-candidate', callId).length), [1, 0, 2]);
  assert.deepEqual(events(phone, 'call:ended', callId), []);
  await done(ann.ask('call:end', { callId }));
  await phone.until('call:ended', (one) => one.callId === callId);
  [ann, desk, phone, late].forEach((client) => client.close());
});

test('who is just coming back is called when he is there', async () => {
  const [ann, before] = [await device(ours.manager), await device(ours.agent)];
  before.close();
  await server('advance', { seconds: 5 });
  const { callId, status } = await done(initiate(ann, ours.agent));
  assert.equal(status, 'initiated');
  const bob = await device(ours.agent);
  assert.equal((await bob.until('call:incoming')).callId, callId);
  await ann.until('call:ringing', (one) => one.callId === callId);
  await done(bob.ask('call:reject', { callId }));
  [ann, bob].forEach((client) => client.close());
});

test('a call survives a reconnect within the grace time, and ends after it', async () => {
  const [ann, before] = [await device(ours.manager), await device(ours.agent)];
  const callId = await talking(ann, before);
  before.close();
  await server('advance', { seconds: 10 });
  const bob = await device(ours.agent);
  const { peerCall } = await bob.until('snapshot');
  assert.deepEqual([peerCall.callId, peerCall.status], [callId, 'active']);
  await server('advance', { seconds: 30 });
  assert.equal((await call(callId)).status, 'active');
  await done(ann.ask('call:renegotiate', { callId, description: OFFER }));
  await bob.until('call:renegotiate');
  bob.close();
  await server('advance', { seconds: 21 });
  assert.equal((await ann.until('call:ended', (one) => one.callId === callId)).reason, 'connection_lost');
  const row = await call(callId);
  assert.deepEqual([row.status, row.slots], ['ended', 0]);
  ann.close();
});

test('two who call each other at once have one call', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)];
  const [first, second] = await Promise.all([done(initiate(ann, ours.agent)), done(initiate(bob, ours.manager))]);
  assert.equal(first.callId, second.callId);
  assert.deepEqual([first.glare, second.glare].sort(), [false, true]);
  const callee = first.glare ? ann : bob;
  const incoming = await callee.until('call:incoming', (one) => one.callId === first.callId && one.glare);
  assert.deepEqual(incoming.offer, OFFER);
  await done(callee.ask('call:answer', { callId: first.callId, answer: ANSWER }));
  await (first.glare ? bob : ann).until('call:answered', (one) => one.callId === first.callId);
  assert.equal((await call(first.callId)).status, 'active');
  await done(ann.ask('call:end', { callId: first.callId }));
  [ann, bob].forEach((client) => client.close());
});

test('somebody of another company is not there, and neither is a call of ours for him', async () => {
  const [ann, bob, stranger] = [await device(ours.manager), await device(ours.agent), await device(theirs.agent)];
  for (const receiver of [theirs.agent.user, nobody]) {
    assert.equal((await ann.ask('call:initiate', { receiverId: receiver, offer: OFFER })).code, 'USER_NOT_FOUND');
  }
  const callId = await talking(ann, bob);
  const eve = await device(ours.owner); // of the company, and not in the call
  for (const client of [stranger, eve]) {
    for (const [event, more] of [['call:answer', { answer: ANSWER }], ['call:reject', {}], ['call:end', {}],
      ['call:ice-candidate', { candidate: CANDIDATE }], ['call:renegotiate', { description: OFFER }], ['call:media', {}],
      ['call:join', {}], ['call:leave', {}], ['call:invite', { userIds: [ours.owner.user] }]]) {
      assert.equal((await client.ask(event, { callId, ...more })).code, 'CALL_NOT_FOUND', event);
    }
  }
  await server('advance', { seconds: 1 });
  await done(ann.ask('call:end', { callId }));
  await bob.until('call:ended', (one) => one.callId === callId);
  await stranger.caughtUp();
  assert.deepEqual(stranger.told.map((one) => one.event).filter((event) => event.startsWith('call:')), []);
  [ann, bob, stranger, eve].forEach((client) => client.close());
});

test('whatever is sent is answered', async () => {
  const ann = await device(ours.manager);
  for (const event of ['call:initiate', 'call:answer', 'call:invite', 'call:end', 'call:ice-candidate', 'call:renegotiate', 'call:media']) {
    for (const payload of [undefined, null, 7, 'x', [], {}, { callId: 7, receiverId: 'x', offer: OFFER }]) {
      const answer = await ann.ask(event, payload);
      assert.deepEqual([answer.success, answer.code], [false, 'VALIDATION_FAILED'], `${event} ${JSON.stringify(payload)}`);
    }
    await server('advance', { seconds: 1 });
  }
  const large = await ann.ask('call:initiate', { receiverId: ours.agent.user, offer: { sdp: 'x'.repeat(70_000) } });
  assert.deepEqual(large.errors, [{ field: '/offer', message: 'must have at most 65536 bytes' }]);
  assert.equal((await ann.ask('call:initiate', { receiverId: ours.manager.user, offer: OFFER })).code, 'VALIDATION_FAILED');
  ann.close();
});

test('a group call: each is told who comes and who goes', async () => {
  const [ann, bob, eve] = [await device(ours.manager), await device(ours.agent), await device(ours.owner)];
  const { callId } = await done(ann.ask('call:initiate', { receiverIds: [ours.agent.user, ours.owner.user], callType: 'video' }));
  for (const client of [bob, eve]) assert.ok((await client.until('call:incoming', (one) => one.callId === callId)).group);
  const first = await done(bob.ask('call:join', { callId }));
  assert.deepEqual(first.participants.map((one) => one.userId), [ours.manager.user]);
  const second = await done(eve.ask('call:join', { callId }));
  assert.deepEqual(second.participants.map((one) => one.userId).sort(), [ours.manager.user, ours.agent.user].sort());
  await bob.until('call:participant-joined', (one) => one.userId === ours.owner.user);
  await done(eve.ask('call:renegotiate', { callId, to: ours.agent.user, description: OFFER }));
  await bob.until('call:renegotiate', (one) => one.callId === callId && one.from === ours.owner.user);
  await ann.caughtUp();
  assert.deepEqual(events(ann, 'call:renegotiate', callId), []);
  await done(ann.ask('call:leave', { callId }));
  await bob.until('call:participant-left', (one) => one.userId === ours.manager.user);
  assert.equal((await call(callId)).status, 'active');
  await done(ann.ask('call:join', { callId }));
  await done(ann.ask('call:leave', { callId }));
  await done(eve.ask('call:leave', { callId }));
  await bob.until('call:ended', (one) => one.callId === callId);
  assert.deepEqual([(await call(callId)).status, (await call(callId)).slots], ['ended', 0]);
  [ann, bob, eve].forEach((client) => client.close());
});

test('two talk, and a third is added: all exchange candidates, and it goes on without one of them', async () => {
  const [ann, bob, eve] = [await device(ours.manager), await device(ours.agent), await device(ours.owner)];
  const phone = await device(ours.owner);
  const callId = await talking(ann, bob);
  const here = (one) => one.callId === callId;
  const { invited } = await done(bob.ask('call:invite', { callId, userIds: [ours.owner.user] }));
  assert.deepEqual(invited.map((one) => [one.userId, one.status]), [[ours.owner.user, 'ringing']]);
  for (const client of [ann, bob]) {
    const told = await client.until('call:participant-invited', here);
    assert.deepEqual([told.userId, told.by], [ours.owner.user, ours.agent.user]);
    assert.ok(told.name);
  }
  for (const client of [eve, phone]) {
    const incoming = await client.until('call:incoming', here);
    assert.deepEqual([incoming.from.id, incoming.group, incoming.offer], [ours.agent.user, true, null]);
  }
  // Who is added makes offers to those who are there, each with candidates of its own.
  const { participants } = await done(eve.ask('call:join', { callId }));
  assert.deepEqual(participants.map((one) => one.userId).sort(), [ours.manager.user, ours.agent.user].sort());
  assert.equal((await phone.until('call:ended', here)).reason, 'answered_elsewhere');
  const people = [[ann, ours.manager], [bob, ours.agent], [eve, ours.owner]];
  for (const [client, person] of people.slice(0, 2)) {
    assert.equal((await client.until('call:participant-joined', here)).userId, ours.owner.user);
    await done(eve.ask('call:renegotiate', { callId, to: person.user, description: { ...OFFER, sdp: `for ${person.user}` } }));
    const offer = await client.until('call:renegotiate', here);
    assert.deepEqual([offer.from, offer.description.sdp], [ours.owner.user, `for ${person.user}`]);
    await done(client.ask('call:renegotiate', { callId, to: ours.owner.user, description: ANSWER }));
    await eve.until('call:renegotiate', (one) => here(one) && one.from === person.user);
  }
  for (const [from, sender] of people) {
    for (const [to, receiver] of people.filter(([client]) => client !== from)) {
      const sdpMid = `${sender.user} ${receiver.user}`;
      await done(from.ask('call:ice-candidate', { callId, to: receiver.user, candidate: { ...CANDIDATE, sdpMid } }));
      const told = await to.until('call:ice-candidate', (one) => here(one) && one.candidate.sdpMid === sdpMid);
      assert.equal(told.from, sender.user);
    }
  }
  for (const [client] of people) {
    await client.caughtUp();
    assert.equal(events(client, 'call:ice-candidate', callId).length, 2, 'each is told his own alone');
  }
  await server('advance', { seconds: 1 });
  await done(ann.ask('call:leave', { callId }));
  for (const client of [bob, eve]) assert.equal((await client.until('call:participant-left', here)).userId, ours.manager.user);
  const row = await call(callId);
  assert.deepEqual([row.status, row.slots], ['active', 1]);
  // Who has left is added again, and has no time; those in the call are told.
  await done(eve.ask('call:invite', { callId, userIds: [ours.manager.user] }));
  await ann.until('call:incoming', here);
  await done(ann.ask('call:reject', { callId, reason: 'busy' }));
  for (const client of [bob, eve]) await client.until('call:participant-left', (one) => here(one) && one.reason === 'busy');
  await done(eve.ask('call:leave', { callId }));
  await bob.until('call:ended', here);
  assert.deepEqual([(await call(callId)).status, (await call(callId)).slots], ['ended', 0]);
  [ann, bob, eve, phone].forEach((client) => client.close());
});

test('a call has room for so many, and adds nobody for who is not in it', async () => {
  const [ann, bob, eve, zoe] = await Promise.all([ours.manager, ours.agent, ours.owner, ours.zoe].map((one) => device(one)));
  const ringing = await done(initiate(ann, ours.agent));
  const add = (client, callId, user) => client.ask('call:invite', { callId, userIds: [user] });
  assert.equal((await add(ann, ringing.callId, ours.owner.user)).code, 'CALL_NOT_CONNECTED');
  assert.equal((await add(eve, ringing.callId, ours.owner.user)).code, 'CALL_NOT_FOUND');
  await done(ann.ask('call:end', { callId: ringing.callId }));
  const callId = await talking(ann, bob);
  assert.equal((await add(ann, callId, theirs.agent.user)).code, 'USER_NOT_FOUND');
  assert.equal((await add(ann, callId, ours.manager.user)).code, 'VALIDATION_FAILED');
  await done(add(ann, callId, ours.owner.user));
  await done(eve.ask('call:join', { callId }));
  const full = await ann.ask('call:invite', { callId, userIds: [ours.zoe.user] });
  assert.deepEqual([full.success, full.code], [false, 'GROUP_FULL']);
  assert.match(full.message, /at most 3/);
  await zoe.caughtUp();
  assert.deepEqual(zoe.heard('call:incoming'), []);
  for (const client of [ann, bob]) await done(client.ask('call:leave', { callId }));
  await eve.until('call:ended', (one) => one.callId === callId);
  assert.equal((await add(ann, callId, ours.owner.user)).code, 'CALL_IS_OVER');
  [ann, bob, eve, zoe].forEach((client) => client.close());
});

test("the server is left", () => server("stop"));

await run();
