// node calls-nodes.test.mjs URL OTHER_URL: a call between people at two nodes, and a node that dies. Started by
// api/tests/it/peer_calls.rs. Without Redis a node learns of the other's events within a second, which `settled` lets pass.

import assert from 'node:assert/strict';
import { run, server, test } from './client.mjs';
import { ANSWER, CANDIDATE, OFFER, call, deviceAt, done } from './calls.mjs';

const [url, elsewhere, redis] = process.argv.slice(2);
const { ours } = await server('world');
const settled = () => (redis === 'with Redis' ? undefined : server('advance', { seconds: 2 }));

/** An event that another node has caused. */
const from = async (client, event, matches) => {
  await settled();
  return client.until(event, matches);
};

test('a call between two nodes', async () => {
  const [ann, bob] = [await deviceAt(url, ours.manager), await deviceAt(elsewhere, ours.agent)];
  await from(ann, 'user_status_change', (one) => one.userId === ours.agent.user && one.status === 'online');
  const { callId } = await done(ann.ask('call:initiate', { receiverId: ours.agent.user, callType: 'video', offer: OFFER }));
  assert.deepEqual((await from(bob, 'call:incoming')).offer, OFFER);
  await done(bob.ask('call:answer', { callId, answer: ANSWER }));
  assert.deepEqual((await from(ann, 'call:answered')).answer, ANSWER);
  await done(ann.ask('call:ice-candidate', { callId, candidate: CANDIDATE }));
  assert.deepEqual((await from(bob, 'call:ice-candidate')).candidate, CANDIDATE);
  bob.close(); // and comes back to the other node
  const back = await deviceAt(url, ours.agent);
  assert.equal((await back.until('snapshot')).peerCall.callId, callId);
  await server('advance', { seconds: 25 });
  await done(ann.ask('call:ice-candidate', { callId, candidate: CANDIDATE }));
  await back.until('call:ice-candidate');
  await done(back.ask('call:end', { callId }));
  await ann.until('call:ended');
  [ann, back].forEach((client) => client.close());
});

test('the figures of a queue are seen at both nodes', async () => {
  const [here, there] = [await deviceAt(url, ours.manager), await deviceAt(elsewhere, ours.owner)];
  const bob = await deviceAt(elsewhere, ours.agent);
  const shown = async (client) => (await client.until('snapshot')).queues.find((one) => one.queueId === ours.queue).available;
  const before = await shown(here);
  assert.equal(await shown(there), before);
  await done(bob.ask('agent:status', { availability: before > 0 ? 'away' : 'available' }));
  await server('advance', { seconds: 2 });
  for (const client of [here, there]) {
    await from(client, 'queue:update', (one) => one.queueId === ours.queue && one.available !== before);
  }
  [here, there, bob].forEach((client) => client.close());
});

test('whoever hung on a node that dies is offline, and his call is over', async () => {
  const [ann, bob] = [await deviceAt(url, ours.manager), await deviceAt(elsewhere, ours.agent)];
  const { callId } = await done(ann.ask('call:initiate', { receiverId: ours.agent.user, offer: OFFER }));
  await from(bob, 'call:incoming', (one) => one.callId === callId);
  await done(bob.ask('call:answer', { callId, answer: ANSWER }));
  await from(ann, 'call:answered', (one) => one.callId === callId);
  await server('kill the other node');
  await server('advance', { seconds: 20 });
  assert.equal((await call(callId)).status, 'active', 'nobody knows yet');
  await server('advance', { seconds: 50 });
  await ann.until('user_status_change', (one) => one.userId === ours.agent.user && one.status === 'offline');
  assert.equal((await ann.until('call:ended', (one) => one.callId === callId)).reason, 'connection_lost');
  assert.equal((await ann.ask('call:initiate', { receiverId: ours.agent.user, offer: OFFER })).code, 'USER_OFFLINE');
  ann.close();
});

test('the server is left', () => server('stop'));

await run();
