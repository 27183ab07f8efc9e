// node calls-003.test.mjs BASE_URL…: calls under document 003's names, by the official client, and calls between its clients
// and those of document 002. Started by api/tests/it/peer_calls.rs.

import assert from 'node:assert/strict';
import { run, server, test } from './client.mjs';
import { ANSWER, CANDIDATE, OFFER, call, device, done, events } from './calls.mjs';

const { ours, theirs } = await server('world');

/** What it was told of calls, by name. */
const names = (client) => client.told.map((one) => one.event).filter((name) => /^(call|CALL|ICE|incoming)/.test(name) && name !== 'call:update');

test('a call under the names of document 003', async () => {
  const [ann, bob] = [await device(ours.manager, { dialect: '003' }), await device(ours.agent, { dialect: '003' })];
  const stranger = await device(theirs.agent);
  const { callId } = await done(ann.ask('CALL_REQUEST', { receiverId: ours.agent.user, callType: 'audio', offer: OFFER }));
  const request = await bob.until('CALL_REQUEST');
  assert.deepEqual([request.callId, request.callerId, request.callType, request.offer], [callId, ours.manager.user, 'voice', OFFER]);
  assert.ok(request.callerName);
  await done(bob.ask('CALL_ACCEPT', { callId, answer: ANSWER }));
  assert.deepEqual((await ann.until('CALL_ACCEPT')).answer, ANSWER);
  await done(bob.ask('ICE_CANDIDATE', { callId, candidate: CANDIDATE }));
  assert.deepEqual((await ann.until('ICE_CANDIDATE')).candidate, CANDIDATE);
  await done(bob.ask('CALL_ENDED', { callId }));
  assert.equal((await ann.until('CALL_ENDED')).callId, callId);
  assert.equal((await call(callId)).status, 'ended');
  await stranger.caughtUp();
  assert.deepEqual([names(ann), names(bob), names(stranger)],
    [['CALL_ACCEPT', 'ICE_CANDIDATE', 'CALL_ENDED'], ['CALL_REQUEST'], []]);
  [ann, bob, stranger].forEach((client) => client.close());
});

test('refused, busy, and rung out', async () => {
  const [ann, bob, eve] = [await device(ours.manager), await device(ours.agent, { dialect: '003' }), await device(ours.owner, { dialect: '003' })];
  const request = (client, receiver) => client.ask('CALL_REQUEST', { receiverId: receiver.user, callType: 'video', offer: OFFER });
  const first = await done(request(ann, ours.agent)); // its dialect is known from now on
  await done(bob.ask('CALL_REJECT', { callId: first.callId, reason: 'declined' }));
  assert.equal((await ann.until('CALL_REJECT')).reason, 'declined');
  const second = await done(request(ann, ours.agent));
  assert.equal((await request(eve, ours.agent)).code, 'BUSY');
  await eve.until('CALL_BUSY');
  await server('advance', { seconds: 61 });
  for (const client of [ann, bob]) assert.equal((await client.until('CALL_TIMEOUT')).callId, second.callId);
  const third = await done(request(ann, ours.agent));
  await done(bob.ask('CALL_BUSY', { callId: third.callId }));
  assert.equal((await ann.until('CALL_BUSY')).callId, third.callId);
  assert.ok(!names(ann).some((name) => name.startsWith('call:') || name.includes('_status_')), names(ann).join());
  [ann, bob, eve].forEach((client) => client.close());
});

test('a client of document 002 and one of 003 call each other', async () => {
  const [ann, bob] = [await device(ours.manager), await device(ours.agent)]; // neither says what it speaks
  const { callId } = await done(ann.ask('call:initiate', { receiverId: ours.agent.user, callType: 'video', offer: OFFER }));
  assert.deepEqual((await bob.until('CALL_REQUEST')).offer, OFFER);
  await bob.caughtUp();
  assert.deepEqual(['call:incoming', 'incoming_call'].map((name) => events(bob, name, callId).length), [1, 1]);
  await done(bob.ask('CALL_ACCEPT', { callId, answer: ANSWER }));
  assert.deepEqual((await ann.until('call:answered')).answer, ANSWER);
  await done(bob.ask('ICE_CANDIDATE', { callId, candidate: CANDIDATE }));
  assert.deepEqual((await ann.until('call:ice-candidate')).candidate, CANDIDATE);
  await done(ann.ask('call:ice-candidate', { callId, candidate: CANDIDATE }));
  await bob.until('ICE_CANDIDATE');
  await done(bob.ask('CALL_ENDED', { callId }));
  await ann.until('call:ended', (one) => one.callId === callId);

  const back = await done(bob.ask('CALL_REQUEST', { receiverId: ours.manager.user, callType: 'video', offer: OFFER }));
  await ann.until('call:incoming', (one) => one.callId === back.callId);
  await done(ann.ask('call:answer', { callId: back.callId, answer: ANSWER }));
  await bob.until('CALL_ACCEPT', (one) => one.callId === back.callId);
  await done(ann.ask('call:end', { callId: back.callId }));
  await bob.until('CALL_ENDED', (one) => one.callId === back.callId);
  // Once its first word was heard, each is told in its own words alone.
  const ofSecond = (client) => names(client).slice(names(client).lastIndexOf('call:ended') + 1);
  assert.ok(!ofSecond(ann).some((name) => /^CALL|incoming_call/.test(name)), names(ann).join());
  assert.deepEqual(events(bob, 'call:answered', back.callId), []);
  [ann, bob].forEach((client) => client.close());
});

test('the server is left', () => server('stop'));

await run();
