// node chat.test.mjs BASE_URL…: chat over sockets, seen by the official client, in both dialects. Started by
// api/tests/it/realtime/chats.rs, which owns the server and its simulated clock.

import assert from 'node:assert/strict';
import { Client, node, run, server, test } from './client.mjs';

const { ours, theirs, alone, admin } = await server('world');
const nobody = '01890000-0000-7000-8000-000000000000';

const enter = async (person) => {
  const client = new Client(node(), { token: person.token });
  await client.until('snapshot');
  return client;
};

const rest = async (person, method, path, body) => {
  const headers = { authorization: `Bearer ${person.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${node()}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  const { data } = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return data;
};

const text = (words) => ({ type: 'text', text: words });
const texts = (client) => client.heard('new_message').map(({ message }) => message.content.text);
const { id: chat } = await rest(ours.owner, 'POST', '/chats/private', { userId: ours.manager.user });

test('a message reaches both, with the name that its sender gave it, and nobody else', async () => {
  const [owner, manager, agent, stranger, none, platform] =
    await Promise.all([ours.owner, ours.manager, ours.agent, theirs.owner, alone, admin].map(enter));
  const joined = await manager.ask('join_chat', { chatId: chat });
  assert.deepEqual(joined.data, { chatId: chat, lastSeq: 0, readSeq: 0, unread: 0 });
  const sent = await owner.ask('send_message', { chatId: chat, content: text('Hello!'), tempId: 't-1' });
  assert.deepEqual([sent.success, sent.data.tempId, sent.data.message.seq], [true, 't-1', 1]);
  for (const client of [owner, manager]) {
    const { message, tempId } = await client.until('new_message');
    assert.deepEqual([message.id, message.senderId, message.receiverId, message.content, tempId],
      [sent.data.message.id, ours.owner.user, ours.manager.user, text('Hello!'), 't-1']);
  }
  const again = await owner.ask('send_message', { chatId: chat, content: text('Hello!'), tempId: 't-1' });
  assert.equal(again.data.message.id, sent.data.message.id);
  await Promise.all([owner, manager, agent, stranger, none, platform].map((client) => client.caughtUp()));
  assert.deepEqual([owner, manager, agent, stranger, none, platform].map((client) => texts(client).length), [1, 1, 0, 0, 0, 0]);
  [owner, manager, agent, stranger, none, platform].forEach((client) => client.close());
});

test('who has read is told to who has written, and to the reader\'s own devices', async () => {
  const [owner, manager, tablet] = await Promise.all([ours.owner, ours.manager, ours.manager].map(enter));
  const { data: { message } } = await owner.ask('send_message', { chatId: chat, content: text('Read me') });
  await manager.until('new_message');
  assert.equal((await manager.ask('message_delivered', { messageId: message.id })).success, true);
  const delivered = await owner.until('message_status_update');
  assert.deepEqual([delivered.messageId, delivered.status, delivered.userId], [message.id, 'delivered', ours.manager.user]);
  const answer = await manager.ask('message_read', { messageId: message.id, chatId: chat });
  assert.deepEqual([answer.data.unread, answer.data.readSeq], [0, message.seq]);
  const read = await owner.until('message_status_update', ({ status }) => status === 'read');
  assert.equal(read.messageId, message.id);
  assert.deepEqual([delivered, read].map(({ at }) => typeof at), ['string', 'string']);
  assert.equal((await tablet.until('chat_unread')).unread, 0);
  await manager.ask('message_read', { messageId: message.id });
  await owner.caughtUp();
  assert.equal(owner.heard('message_status_update').length, 2);
  assert.equal(manager.heard('message_status_update').length, 0);
  [owner, manager, tablet].forEach((client) => client.close());
});

test('after a reconnect the missed messages come, and what is unread is right', async () => {
  const before = await enter(ours.manager);
  const { seq } = await before.until('snapshot');
  before.close();
  const owner = await enter(ours.owner);
  for (const words of ['one', 'two', 'three']) await owner.ask('send_message', { chatId: chat, content: text(words) });
  const after = await enter(ours.manager);
  const { chats } = await after.until('snapshot');
  assert.equal(chats.find((one) => one.chatId === chat).unread, 3);
  await after.ask('resume', { from: seq });
  assert.deepEqual(texts(after), ['one', 'two', 'three']);
  const [first, second] = after.heard('new_message');
  assert.equal((await after.ask('message_read', { messageId: second.message.id })).data.unread, 1);
  assert.equal((await after.ask('message_read', { messageId: first.message.id })).data.unread, 1);
  const again = await enter(ours.manager);
  assert.equal((await again.until('snapshot')).chats.find((one) => one.chatId === chat).unread, 1);
  [owner, after, again].forEach((client) => client.close());
});

test('two who write at once are read in one order', async () => {
  const [owner, manager] = await Promise.all([ours.owner, ours.manager].map(enter));
  await Promise.all([0, 1, 2, 3, 4].flatMap((n) => [
    owner.ask('send_message', { chatId: chat, content: text(`o${n}`) }),
    manager.ask('send_message', { chatId: chat, content: text(`m${n}`) }),
  ]));
  await Promise.all([owner, manager].map((client) => client.until('new_message', () => client.heard('new_message').length === 10)));
  assert.deepEqual(texts(owner), texts(manager));
  const seqs = owner.heard('new_message').map(({ message }) => message.seq);
  assert.deepEqual(seqs, seqs.map((_, n) => seqs[0] + n));
  [owner, manager].forEach((client) => client.close());
});

test('what one says without waiting is said in that order, also before he is let in', async () => {
  const early = new Client(node(), { token: ours.owner.token });
  const words = Array.from({ length: 30 }, (_, n) => `said ${n}`);
  const sent = await Promise.all(words.map((one) => early.ask('send_message', { chatId: chat, content: text(one) })));
  const seqs = sent.map(({ success, data }) => success && data.message.seq);
  assert.deepEqual(seqs, seqs.map((_, n) => seqs[0] + n));
  early.close();
});

test('what becomes of a message is told to both', async () => {
  const [owner, manager] = await Promise.all([ours.owner, ours.manager].map(enter));
  const { data: { message: { id } } } = await owner.ask('send_message', { chatId: chat, content: text('Frist') });
  assert.equal((await manager.ask('add_reaction', { messageId: id, emoji: '👍' })).success, true);
  const reaction = await owner.until('message_reaction');
  assert.deepEqual([reaction.messageId, reaction.emoji, reaction.userId], [id, '👍', ours.manager.user]);
  assert.equal((await owner.ask('edit_message', { messageId: id, newContent: 'First' })).success, true);
  const edited = await manager.until('message_edited');
  assert.deepEqual([edited.messageId, edited.content.text], [id, 'First']);
  assert.equal((await manager.ask('edit_message', { messageId: id, newContent: 'x' })).code, 'MESSAGE_NOT_YOURS');
  assert.equal((await owner.ask('delete_message', { messageId: id, deleteForEveryone: true })).success, true);
  assert.deepEqual((await manager.until('message_deleted')).forEveryone, true);
  [owner, manager].forEach((client) => client.close());
});

test('who is writing is told to the other one alone, and is no durable event', async () => {
  const [owner, manager, agent] = await Promise.all([ours.owner, ours.manager, ours.agent].map(enter));
  await owner.ask('typing_start', { chatId: chat });
  await manager.until('user_typing', ({ isTyping, userId }) => isTyping && userId === ours.owner.user);
  await owner.ask('typing_stop', { chatId: chat });
  const stopped = await manager.until('user_typing', ({ isTyping }) => !isTyping);
  assert.equal(stopped.seq, undefined);
  await Promise.all([owner, agent].map((client) => client.caughtUp()));
  assert.deepEqual([owner, agent].map((client) => client.heard('user_typing').length), [0, 0]);
  await rest(ours.manager, 'PUT', `/users/blocked/${ours.owner.user}`);
  manager.forget();
  await owner.ask('typing_start', { chatId: chat });
  await manager.caughtUp();
  assert.deepEqual(manager.heard('user_typing'), []);
  await rest(ours.manager, 'DELETE', `/users/blocked/${ours.owner.user}`);
  [owner, manager, agent].forEach((client) => client.close());
});

test('the capital dialect speaks over the same chats', async () => {
  const [owner, manager] = await Promise.all([ours.owner, ours.manager].map(enter));
  const sent = await owner.ask('CHAT_MESSAGE', { receiverId: ours.manager.user, content: 'Hi' });
  assert.deepEqual([sent.success, sent.data.message.chatId], [true, chat]);
  const told = await manager.until('CHAT_MESSAGE');
  assert.deepEqual([told.messageId, told.senderId, told.receiverId, told.content],
    [sent.data.message.id, ours.owner.user, ours.manager.user, text('Hi')]);
  assert.equal((await manager.until('new_message')).message.id, told.messageId);
  await owner.ask('CHAT_TYPING', { receiverId: ours.manager.user });
  assert.equal((await manager.until('CHAT_TYPING')).senderId, ours.owner.user);
  await owner.ask('CHAT_STOP_TYPING', { receiverId: ours.manager.user });
  await manager.until('CHAT_STOP_TYPING');
  assert.equal((await manager.ask('MESSAGE_READ', { messageId: told.messageId })).success, true);
  assert.equal((await owner.until('MESSAGE_READ')).readerId, ours.manager.user);
  const other = await owner.ask('CHAT_MESSAGE', { receiverId: theirs.owner.user, content: 'Hi' });
  assert.equal(other.code, 'USER_NOT_FOUND');
  // Whose words are known hears them alone.
  assert.equal(owner.heard('message_status_update').length, 0);
  owner.forget();
  await manager.ask('CHAT_MESSAGE', { receiverId: ours.owner.user, content: 'Hi again' });
  await owner.until('CHAT_MESSAGE');
  await owner.caughtUp();
  assert.equal(owner.heard('new_message').length, 0);
  assert.equal((await owner.ask('CHAT_TYPING', { receiverId: theirs.owner.user })).success, true);
  [owner, manager].forEach((client) => client.close());
});

test('document 004 speaks in small letters alone, document 003 in capitals, whichever the other speaks', async () => {
  const say = (dialect) => async (person) => {
    const client = new Client(node(), { token: person.token, dialect });
    await client.until('snapshot');
    return client;
  };
  const [small, capital] = [await say('004')(ours.owner), await say('003')(ours.manager)];
  const sent = await capital.ask('CHAT_MESSAGE', { receiverId: ours.owner.user, content: 'In capitals', tempId: 'd-1' });
  const { message, tempId } = await small.until('new_message');
  assert.deepEqual([message.id, message.content, tempId], [sent.data.message.id, text('In capitals'), 'd-1']);
  await small.ask('typing_start', { chatId: chat });
  assert.equal((await capital.until('CHAT_TYPING')).senderId, ours.owner.user);
  await small.ask('message_read', { messageId: message.id, chatId: chat });
  assert.equal((await capital.until('MESSAGE_READ')).messageId, message.id);
  const answer = await small.ask('send_message', { chatId: chat, content: text('In small letters'), tempId: 'd-2' });
  const told = await capital.until('CHAT_MESSAGE', ({ senderId }) => senderId === ours.owner.user);
  assert.deepEqual([told.messageId, told.content], [answer.data.message.id, text('In small letters')]);
  // What capitals have no name for they are told in small letters.
  await small.ask('edit_message', { messageId: answer.data.message.id, newContent: 'Changed' });
  await capital.until('message_edited');
  await Promise.all([small, capital].map((client) => client.caughtUp()));
  const heard = (client) => ['CHAT_MESSAGE', 'CHAT_TYPING', 'MESSAGE_READ', 'new_message', 'user_typing', 'message_status_update']
    .filter((event) => client.heard(event).length > 0);
  assert.deepEqual([heard(small), heard(capital)], [['new_message'], ['CHAT_MESSAGE', 'CHAT_TYPING', 'MESSAGE_READ']]);
  [small, capital].forEach((client) => client.close());
});

test('a group has a room, which its people come into and leave within a second', async () => {
  const [owner, manager, agent] = await Promise.all([ours.owner, ours.manager, ours.agent].map(enter));
  const group = await rest(ours.owner, 'POST', '/chats/group', { title: 'Lunch', memberIds: [ours.manager.user] });
  assert.equal((await manager.until('chat_updated')).change, 'created');
  await server('advance', { seconds: 1 });
  await owner.ask('send_message', { chatId: group.id, content: text('to two') });
  await manager.until('new_message', ({ message }) => message.content.text === 'to two');
  assert.equal(manager.heard('CHAT_MESSAGE').length, 0);
  await owner.ask('typing_start', { chatId: group.id });
  await manager.until('user_typing', ({ chatId }) => chatId === group.id);
  await rest(ours.owner, 'POST', `/chats/${group.id}/members`, { userIds: [ours.agent.user] });
  await rest(ours.owner, 'DELETE', `/chats/${group.id}/members/${ours.manager.user}`);
  assert.equal((await agent.until('chat_updated')).change, 'added');
  await server('advance', { seconds: 1 });
  await owner.ask('send_message', { chatId: group.id, content: text('to others') });
  await agent.until('new_message', ({ message }) => message.content.text === 'to others');
  await Promise.all([agent, manager].map((client) => client.caughtUp()));
  assert.ok(!texts(manager).includes('to others'), 'who is no longer in it hears nothing');
  assert.equal((await manager.ask('send_message', { chatId: group.id, content: text('x') })).code, 'CHAT_NOT_FOUND');
  assert.equal((await manager.ask('typing_start', { chatId: group.id })).code, 'CHAT_NOT_FOUND');
  // What he missed he is not told when he resumes, either.
  const { seq } = await manager.until('snapshot');
  manager.forget();
  await manager.ask('resume', { from: seq });
  assert.ok(!texts(manager).includes('to others'));
  [owner, manager, agent].forEach((client) => client.close());
});

test('whatever is sent is answered, and names what is wrong', async () => {
  const owner = await enter(ours.owner);
  const events = {
    join_chat: 'chatId', leave_chat: 'chatId', send_message: 'content', typing_start: 'chatId', typing_stop: 'chatId',
    message_delivered: 'messageId', message_read: 'messageId', add_reaction: 'messageId', edit_message: 'messageId',
    delete_message: 'messageId', CHAT_MESSAGE: 'content', CHAT_TYPING: 'receiverId', CHAT_STOP_TYPING: 'receiverId',
    MESSAGE_READ: 'messageId',
  };
  for (const [event, field] of Object.entries(events)) {
    for (const payload of [[], [null], ['x'], [7], [[]], [{}], [{ chatId: 7, messageId: {}, receiverId: [], content: 7 }]]) {
      const answer = await owner.ask(event, ...payload);
      assert.deepEqual([answer.success, answer.code], [false, 'VALIDATION_FAILED'], `${event} ${JSON.stringify(payload)}`);
      assert.equal(answer.errors.length, 1);
      if (payload.length === 0 && !['send_message', 'CHAT_MESSAGE'].includes(event)) assert.equal(answer.errors[0].field, `/${field}`);
    }
    await server('advance', { seconds: 1 });
  }
  const send = (more) => owner.ask('send_message', { chatId: chat, content: text('x'), ...more });
  for (const [more, field] of [
    [{ content: { type: 'hologram' } }, '/content'], [{ content: { type: 'text' } }, '/content/text'],
    [{ content: { type: 'system', text: 'x' } }, '/content/type'], [{ content: text('x'.repeat(10_001)) }, '/content/text'],
    [{ tempId: 'x'.repeat(65) }, '/tempId'], [{ tempId: 7 }, '/tempId'], [{ replyTo: 'x' }, '/replyTo'],
  ]) {
    const answer = await send(more);
    assert.deepEqual([answer.code, answer.errors?.[0].field], ['VALIDATION_FAILED', field], JSON.stringify(more).slice(0, 80));
  }
  assert.equal((await owner.ask('add_reaction', { messageId: nobody, emoji: 'ok' })).errors[0].field, '/emoji');
  await server('advance', { seconds: 2 });
  assert.deepEqual(owner.heard('disconnect'), []);
  owner.close();
});

test('what belongs to others is not there', async () => {
  const [owner, none, platform] = await Promise.all([ours.owner, alone, admin].map(enter));
  for (const id of [nobody, theirs.group, ours.group]) {
    assert.equal((await owner.ask('join_chat', { chatId: id })).code, 'CHAT_NOT_FOUND');
    assert.equal((await owner.ask('send_message', { chatId: id, content: text('x') })).code, 'CHAT_NOT_FOUND');
    assert.equal((await owner.ask('typing_start', { chatId: id })).code, 'CHAT_NOT_FOUND');
  }
  await server('advance', { seconds: 1 });
  for (const id of [nobody, theirs.question, ours.question]) {
    for (const event of ['message_delivered', 'message_read', 'add_reaction', 'delete_message', 'MESSAGE_READ']) {
      assert.equal((await owner.ask(event, { messageId: id, emoji: '👍', deleteForEveryone: true })).code, 'MESSAGE_NOT_FOUND', event);
    }
    assert.equal((await owner.ask('edit_message', { messageId: id, newContent: 'x' })).code, 'MESSAGE_NOT_FOUND');
    const answer = await owner.ask('send_message', { chatId: chat, content: text('x'), replyTo: id });
    assert.equal(answer.code, 'MESSAGE_NOT_FOUND');
  }
  for (const client of [none, platform]) {
    assert.equal((await client.ask('send_message', { chatId: chat, content: text('x') })).code, 'FORBIDDEN');
  }
  [owner, none, platform].forEach((client) => client.close());
});

test('what is typed at another node reaches the sockets of this one', async () => {
  const manager = await enter(ours.manager);
  await server('type elsewhere', { chat });
  const told = await manager.until('user_typing');
  assert.deepEqual([told.chatId, told.userId], [chat, ours.owner.user]);
  await server('say elsewhere', { chat });
  await server('advance', { seconds: 1 });
  assert.equal((await manager.until('new_message')).message.content.text, 'from another node');
  manager.close();
});

await run();
