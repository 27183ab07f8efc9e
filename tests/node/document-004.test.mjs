// node document-004.test.mjs BASE_URL…: document 004 from its first line to its last, two users each, in its own names: sign-in by
// telephone number, profile, chats, messages, stories, calls. Started by api/tests/it/peer_calls.rs, which owns the server.

import assert from 'node:assert/strict';
import { Client, node, run, server, test } from './client.mjs';
import { rest } from './calls.mjs';

const { ours, theirs } = await server('world');
const people = { ann: { ...ours.manager, number: '+12025550141' }, bob: { ...ours.agent, number: '+12025550142' } };
const { ann, bob } = people;
const as = (person, method, path, body, status) => rest(person, method, `/api${path}`, body, status).then(({ data }) => data);
const nobody = { token: '' };
const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** A code for a number, which comes at most once a minute. */
const code = async (number) => {
  await server('advance', { seconds: 60 });
  const sent = await as(nobody, 'POST', '/auth/send-otp', { phoneNumber: number });
  assert.deepEqual(sent, { phoneNumber: number, expiresIn: 600 });
  return server('code', { number });
};

/** A socket that says who it is when it is there already. */
const enter = async (person) => {
  const client = new Client(node(), {});
  await client.until('connect');
  client.socket.emit('authenticate', { token: person.token });
  const { user } = await client.until('authenticated');
  assert.equal(user.id, person.user);
  await client.until('snapshot');
  return client;
};

test('authentication: a code for the telephone number signs in, and a newcomer says his name', async () => {
  for (const person of [ann, bob]) {
    await as(person, 'PUT', '/auth/phone', { phoneNumber: person.number, code: await code(person.number) });
    const signedIn = await as(nobody, 'POST', '/auth/verify-otp', { phoneNumber: person.number, code: await code(person.number) });
    assert.deepEqual([signedIn.isNewUser, signedIn.user.id], [false, person.user]);
    const renewed = await as(nobody, 'POST', '/auth/refresh-token', { refreshToken: signedIn.refreshToken });
    person.token = renewed.token;
  }
  const number = '+12025550143';
  const first = await as(nobody, 'POST', '/auth/verify-otp', { phoneNumber: number, code: await code(number) });
  assert.equal(first.isNewUser, true);
  const cy = { token: first.token };
  await as(cy, 'POST', '/auth/complete-profile', { displayName: 'Cy' });
  assert.equal((await as(cy, 'GET', '/users/profile')).name, 'Cy');
  await rest(cy, 'GET', '/api/chats', undefined, 403);
  await as(cy, 'POST', '/auth/logout', {});
  await rest(cy, 'GET', '/api/users/profile', undefined, 401);
});

test('users: profile, picture, search, a contact at hand', async () => {
  assert.equal((await as(ann, 'PUT', '/users/profile', { name: 'Ann Winter' })).name, 'Ann Winter');
  const headers = { authorization: `Bearer ${ann.token}`, 'content-type': 'image/png' };
  const answer = await fetch(`${node()}/api/users/upload-avatar`, { method: 'POST', headers, body: PICTURE });
  assert.equal(answer.status, 200, await answer.text());
  const found = await as(bob, 'GET', '/users/search?q=winter');
  assert.deepEqual(found.map((one) => [one.id, one.name]), [[ann.user, 'Ann Winter']]);
  assert.ok(found[0].avatarPath);
  const contact = await as(ann, 'POST', '/users/add-contact', { phoneNumber: '+1 202 555 0177', name: 'Dora' });
  assert.deepEqual([contact.number, contact.name, contact.favourite], ['+12025550177', 'Dora', true]);
});

test('a socket authenticates with an event, and is told when it may not', async () => {
  const stranger = new Client(node(), {});
  await stranger.until('connect');
  stranger.socket.emit('authenticate', { token: 'jwt-token' });
  assert.ok((await stranger.until('authentication_error')).message);
  stranger.close();
});

test('messages: sent, typed, delivered, read, reacted to, edited, deleted', async () => {
  const { id: chatId } = await as(ann, 'POST', '/chats/private', { userId: bob.user });
  const [hers, his, foreign] = [await enter(ann), await enter(bob), await enter(theirs.owner)];
  for (const client of [hers, his]) await client.ask('join_chat', { chatId });
  hers.socket.emit('send_message', { chatId, content: { type: 'text', text: 'Hello!' }, tempId: 'temp-id' });
  const { message, tempId } = await hers.until('new_message');
  assert.deepEqual([message.content.text, tempId], ['Hello!', 'temp-id']);
  const messageId = (await his.until('new_message')).message.id;
  assert.equal(messageId, message.id);

  his.socket.emit('typing_start', { chatId });
  await hers.until('user_typing', (one) => one.userId === bob.user && one.isTyping);
  his.socket.emit('typing_stop', { chatId });
  await hers.until('user_typing', (one) => one.userId === bob.user && !one.isTyping);

  his.socket.emit('message_delivered', { messageId });
  await hers.until('message_status_update', (one) => one.messageId === messageId && one.status === 'delivered');
  his.socket.emit('message_read', { messageId, chatId });
  const read = await hers.until('message_status_update', (one) => one.status === 'read');
  assert.deepEqual([read.messageId, read.userId], [messageId, bob.user]);

  const told = (client, ...names) => client.told.filter(({ event }) => names.some((name) => event.includes(name)));
  hers.forget();
  his.socket.emit('add_reaction', { messageId, emoji: '👍' });
  await hers.until('message_reaction', (one) => one.messageId === messageId);
  assert.ok((await as(ann, 'GET', `/messages/${messageId}`)).message.reactions.some((one) => one.emoji === '👍'));
  hers.socket.emit('edit_message', { messageId, newContent: 'Edited text' });
  await his.until('message_edited');
  assert.equal((await as(bob, 'GET', `/messages/${messageId}`)).message.content.text, 'Edited text');
  hers.socket.emit('delete_message', { messageId, deleteForEveryone: true });
  await his.until('message_deleted');
  assert.ok((await as(bob, 'GET', `/messages/${messageId}`)).message.deletedAt);
  await Promise.all([hers, his, foreign].map((client) => client.caughtUp()));
  assert.deepEqual(told(his, 'CHAT_', 'MESSAGE_'), [], 'in its own names alone');
  assert.deepEqual(told(foreign, 'message', 'typing'), []);
  [hers, his, foreign].forEach((client) => client.close());
});

test('chats: lists, a group, settings; messages over REST', async () => {
  const { id: group } = await as(ann, 'POST', '/chats/group', { title: 'Lunch', memberIds: [bob.user] }, 201);
  const { id: chatId } = await as(ann, 'POST', '/chats/private', { userId: bob.user });
  await as(ann, 'PUT', `/chats/${group}/settings`, { pinned: true, archived: true });
  const { id } = await as(ann, 'POST', '/messages', { chatId: group, content: { type: 'location', location: { latitude: 47.07, longitude: 15.44 } } }, 201);
  assert.equal((await as(bob, 'GET', `/messages/${id}`)).message.content.type, 'location');
  await as(bob, 'POST', `/messages/${id}/react`, { emoji: '❤️' });
  const text = await as(ann, 'POST', '/messages', { chatId, content: { type: 'text', text: 'At eight?' } }, 201);
  await as(ann, 'PUT', `/messages/${text.id}`, { text: 'At nine?' });
  const history = await as(bob, 'GET', `/chats/${chatId}/messages`);
  assert.ok(history.some((one) => one.id === text.id && one.content.text === 'At nine?'));
  await as(ann, 'DELETE', `/messages/${id}?forEveryone=true`);
  const chats = await as(bob, 'GET', '/chats');
  assert.deepEqual(new Set([group, chatId].filter((one) => chats.some((chat) => chat.id === one))), new Set([group, chatId]));
});

test('media and stories: posted, seen, reacted to', async () => {
  const form = new FormData();
  form.append('file', new Blob([PICTURE], { type: 'image/png' }), 'office.png');
  const headers = { authorization: `Bearer ${ann.token}` };
  const uploaded = await fetch(`${node()}/api/media`, { method: 'POST', headers, body: form });
  const { data: media } = await uploaded.json();
  assert.equal(uploaded.status, 201);
  const story = await as(ann, 'POST', '/stories', { mediaId: media.id, text: 'Our new office' }, 201);
  assert.deepEqual((await as(bob, 'GET', '/stories')).filter((one) => one.id === story.id).map((one) => one.seen), [false]);
  await as(bob, 'POST', `/stories/${story.id}/views`, {});
  await as(bob, 'POST', `/stories/${story.id}/react`, { emoji: '🎉' });
  const views = await as(ann, 'GET', `/stories/${story.id}/views`);
  assert.ok(JSON.stringify(views).includes(bob.user) && JSON.stringify(views).includes('🎉'));
});

test('calls: begun, ended and rated over REST', async () => {
  const [hers, his] = [await enter(ann), await enter(bob)];
  const { callId } = await as(ann, 'POST', '/calls/initiate', { toUserId: bob.user, callType: 'video' }, 201);
  await his.until('call:incoming', (one) => one.callId === callId);
  await as(bob, 'POST', `/calls/${callId}/accept`, {});
  await server('advance', { seconds: 20 });
  const ended = await as(ann, 'PUT', `/calls/${callId}/end`, { qualityScore: 5 });
  assert.deepEqual([ended.status, ended.duration], ['ended', 20]);
  await as(bob, 'POST', `/calls/${callId}/feedback`, { score: 4, issues: [] });
  for (const person of [ann, bob]) assert.equal((await as(person, 'GET', '/calls/history'))[0].id, callId);
  [hers, his].forEach((client) => client.close());
});

test('the server is left', () => server('stop'));

await run();
