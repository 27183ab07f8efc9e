// node calls-000.test.mjs BASE_URL…: document 000's flow: calls are made over REST, devices are told over sockets, media go
// through Agora, of which the server has a project here. Started by api/tests/it/peer_calls.rs.

import assert from 'node:assert/strict';
import { Client, node, run, server, test } from './client.mjs';
import { ANSWER, OFFER, call, device, done, rest } from './calls.mjs';

const { ours, theirs } = await server('world');

const initiate = (person, receiver, more = {}, status = 201) =>
  rest(person, 'POST', '/api/calls/initiate', { toUserId: receiver.user, callType: 'voice', ...more }, status);

/** Statuses of a call as a device was told them. */
const statuses = (client, callId) =>
  client.heard('call_status_change').filter((one) => one.callId === callId).map((one) => one.status);

test('a call as in the flow of document 000', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)];
  const metadata = { fromDisplayName: 'Ann', connectionType: 'wifi', deviceInfo: { platform: 'iOS', version: '15.0' } };
  const { success, data: made } = await initiate(ours.manager, ours.agent, { metadata });
  assert.ok(success && made.callId && made.agoraToken.startsWith('007'));
  assert.equal(made.agora.channelName, `call_${made.callId.replaceAll('-', '')}`);
  const incoming = await bob.until('incoming_call');
  assert.deepEqual([incoming.callId, incoming.fromUserId, incoming.callType], [made.callId, ours.manager.user, 'voice']);
  assert.ok(incoming.fromDisplayName);
  await ann.until('call_status_change', (one) => one.status === 'ringing');

  const { data: active } = await rest(ours.agent, 'GET', '/api/calls/active');
  assert.deepEqual(active.filter((one) => one.kind === 'peer').map((one) => one.id), [made.callId]);
  const { data: taken } = await rest(ours.agent, 'POST', `/api/calls/${made.callId}/accept`,
    { metadata: { deviceInfo: { platform: 'Android', version: '14' } } });
  assert.ok(taken.agoraToken.startsWith('007') && taken.agoraToken !== made.agoraToken);
  assert.equal(taken.agora.channelName, made.agora.channelName);
  assert.equal((await ann.until('call_accepted')).callId, made.callId);
  await ann.until('call_status_change', (one) => one.status === 'active');

  await server('advance', { seconds: 30 });
  const { data: ended } = await rest(ours.manager, 'POST', `/api/calls/${made.callId}/end`, { qualityScore: 4, metadata: {} });
  assert.deepEqual([ended.status, ended.duration], ['ended', 30]);
  await bob.until('call_ended');
  assert.deepEqual([statuses(ann, made.callId), statuses(bob, made.callId)], [['ringing', 'active'], ['active', 'ended']]);
  await rest(ours.agent, 'POST', `/api/calls/${made.callId}/feedback`, { score: 2, issues: ['echo'], comment: 'Far away.' });
  const { data: shown } = await rest(ours.agent, 'GET', `/api/calls/${made.callId}`);
  assert.deepEqual(shown.peer.participants.map((one) => [one.qualityScore, one.deviceInfo.platform]), [[4, 'iOS'], [2, 'Android']]);
  assert.equal(shown.peer.connectionType, 'wifi');
  [ann, bob].forEach((client) => client.close());
});

test('a call by number, refused with a reason, ended with PUT, and rung out', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)];
  const toPhoneNumber = '+49 30 5550177';
  await server('number', { number: '+49305550177' });
  const { data: made } = await rest(ours.manager, 'POST', '/api/calls/initiate', { toPhoneNumber, callType: 'video' }, 201);
  assert.equal(made.toPhoneNumber, '+49305550177');
  await rest(ours.agent, 'POST', `/api/calls/${made.callId}/reject`, { reason: 'busy', metadata: {} });
  const busy = await ann.until('call_status_change', (one) => one.reason === 'busy');
  assert.deepEqual([busy.status, (await call(made.callId)).status], ['rejected', 'busy']);
  const { data: second } = await initiate(ours.manager, ours.agent);
  await rest(ours.manager, 'PUT', `/api/calls/${second.callId}/end`);
  await bob.until('call_ended', (one) => one.callId === second.callId);
  const { data: third } = await initiate(ours.manager, ours.agent);
  await server('advance', { seconds: 61 });
  await ann.until('call_status_change', (one) => one.callId === third.callId && one.status === 'missed');
  const { data: seen } = await rest(ours.agent, 'GET', '/api/calls/analytics?period=7d');
  assert.deepEqual([seen.calls.receivedCalls, seen.calls.missedCalls, seen.voiceCalls, seen.videoCalls], [4, 3, 3, 1]);
  assert.deepEqual([seen.averageQuality, seen.ratedCalls], [2, 1]);
  [ann, bob].forEach((client) => client.close());
});

test('two who call each other over REST at once are in one call', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)];
  const both = await Promise.all([initiate(ours.manager, ours.agent), initiate(ours.agent, ours.manager)]);
  const [first, second] = both.map((one) => one.data);
  assert.deepEqual([first.callId, [first.glare, second.glare].sort()], [second.callId, [false, true]]);
  assert.equal((await call(first.callId)).status, 'active');
  await rest(ours.agent, 'POST', `/api/calls/${first.callId}/end`);
  [ann, bob].forEach((client) => client.close());
});

test('between a client that sends media itself and one that has Agora do it, Agora does', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)];
  const made = await done(ann.ask('call:initiate', { receiverId: ours.agent.user, offer: OFFER }));
  assert.ok(made.agora.token);
  const { data } = await rest(ours.agent, 'POST', `/api/calls/${made.callId}/accept`);
  const answered = await ann.until('call:answered', (one) => one.callId === made.callId);
  assert.deepEqual([answered.agora.channel, answered.answer], [data.agora.channelName, null]);
  assert.ok(answered.agora.token.startsWith('007') && answered.agora.uid !== data.agora.uid);
  await done(ann.ask('call:end', { callId: made.callId }));
  const { data: back } = await initiate(ours.agent, ours.manager);
  const taken = await done(ann.ask('call:answer', { callId: back.callId, answer: ANSWER }));
  assert.equal(taken.agora.channel, back.agora.channelName);
  await rest(ours.agent, 'POST', `/api/calls/${back.callId}/end`);
  [ann, bob].forEach((client) => client.close());
});

test('colleagues see who is there, as far as everybody lets them', async () => {
  const ann = await device(ours.manager);
  const theirsTold = await device(theirs.manager);
  const presence = async (person, of) => (await rest(person, 'GET', `/api/users/${of.user}/presence`)).data;
  const bob = new Client(node(), { token: ours.owner.token });
  await bob.until('snapshot');
  const seen = await ann.until('user_status_change', (one) => one.userId === ours.owner.user && one.status === 'online');
  assert.equal(seen.userId, ours.owner.user);
  const second = await device(ours.owner);
  assert.equal((await done(bob.ask('user_online', { status: 'away' }))).status, 'away');
  await ann.until('user_status_change', (one) => one.status === 'away');
  assert.equal((await presence(ours.manager, ours.owner)).status, 'away');
  await rest(ours.owner, 'PUT', '/api/presence', { status: 'online' });
  const { data: made } = await initiate(ours.manager, ours.owner);
  await rest(ours.owner, 'POST', `/api/calls/${made.callId}/accept`);
  await ann.until('user_status_change', (one) => one.userId === ours.owner.user && one.status === 'busy');
  await rest(ours.owner, 'POST', `/api/calls/${made.callId}/end`);

  bob.close();
  await server('advance', { seconds: 30 });
  assert.equal((await presence(ours.manager, ours.owner)).status, 'online', 'another device of his is connected');
  second.close();
  await server('advance', { seconds: 10 });
  assert.equal((await presence(ours.manager, ours.owner)).status, 'online', 'he may come back');
  await server('advance', { seconds: 12 });
  const gone = await ann.until('user_status_change', (one) => one.userId === ours.owner.user && one.status === 'offline');
  assert.ok(gone.lastSeen);
  const seenAt = async (person) => new Date((await presence(person, ours.owner)).lastSeen).getTime();
  assert.equal(await seenAt(ours.agent), new Date(gone.lastSeen).getTime());
  await rest(ours.owner, 'PUT', '/api/settings/user/calls', { lastSeenShownTo: 'supervisors' });
  assert.equal((await presence(ours.agent, ours.owner)).lastSeen, undefined);
  assert.equal(await seenAt(ours.manager), new Date(gone.lastSeen).getTime());
  await rest(ours.owner, 'PUT', '/api/settings/user/calls', { onlineShownTo: 'nobody' });
  const again = await device(ours.owner);
  assert.equal((await presence(ours.manager, ours.owner)).status, 'offline');
  assert.equal((await presence(ours.owner, ours.owner)).status, 'online');
  await theirsTold.caughtUp();
  assert.ok(theirsTold.heard('user_status_change').every((one) => one.userId === theirs.manager.user));
  [ann, again, theirsTold].forEach((client) => client.close());
});

test('the server is left', () => server('stop'));

await run();
