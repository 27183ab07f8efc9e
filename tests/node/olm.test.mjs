// node olm.test.mjs BASE_URL: two clients with the kept library of Matrix (vodozemac's Olm) write to each other in an encrypted
// chat. The library is given what it expects of a homeserver; here that is made of this server's operations and events, which is
// all that a client has to do. Started by api/tests/it/realtime/encrypted.rs.

import assert from 'node:assert/strict';
import { Attachment, DeviceId, DeviceLists, EncryptedAttachment, OlmMachine, RequestType, UserId } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Client, run, server, test } from './client.mjs';

const url = process.argv[2];
const { company, ours } = await server('world');
const ALGORITHM = 'm.olm.v1.curve25519-aes-sha2';

class Refused extends Error {
  constructor(status, body) {
    super(`${status} ${JSON.stringify(body)}`);
    Object.assign(this, { status, code: body.code, errors: body.errors });
  }
}

const named = (user) => `@${user}:${company}`;
const signed = (user, device, signature) => ({ [named(user)]: { [`ed25519:${device}`]: signature } });

/** A device: the library, and the way to this server. */
class Device {
  static async publish(person, id) {
    const device = new Device();
    Object.assign(device, { person, id, user: person.user, refused: [] });
    device.machine = await OlmMachine.initialize(new UserId(named(person.user)), new DeviceId(id));
    device.socket = new Client(url, { token: person.token });
    await device.socket.until('snapshot');
    await device.upload();
    return device;
  }

  async rest(method, path, body) {
    const headers = { authorization: `Bearer ${this.person.token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Refused(answer.status, said);
    return said.data;
  }

  /** Publishes whatever the library wants to: the device, and its keys. */
  async upload() {
    for (const request of await this.machine.outgoingRequests()) {
      if (request.type !== RequestType.KeysUpload) continue;
      const { device_keys: keys, one_time_keys: once, fallback_keys: fallback } = JSON.parse(request.body);
      if (keys) {
        await this.rest('PUT', `/chat/devices/${this.id}`, {
          algorithms: keys.algorithms,
          identityKey: keys.keys[`curve25519:${this.id}`],
          signingKey: keys.keys[`ed25519:${this.id}`],
          signature: keys.signatures[named(this.user)][`ed25519:${this.id}`],
        });
      }
      const flat = (all) => Object.entries(all ?? {}).map(([name, { key, signatures }]) =>
        ({ keyId: name.split(':')[1], key, signature: signatures[named(this.user)][`ed25519:${this.id}`] }));
      const [fallbackKey] = flat(fallback);
      const { oneTimeKeys } = await this.rest('POST', `/chat/devices/${this.id}/keys`,
        { oneTimeKeys: flat(once), ...(fallbackKey && { fallbackKey }) });
      const counts = { one_time_key_counts: { signed_curve25519: oneTimeKeys } };
      await this.machine.markRequestAsSent(request.id, request.type, JSON.stringify(counts));
    }
  }

  /** Learns of the devices in a chat, and opens a conversation with each that is new. */
  async meet(chat) {
    const devices = await this.rest('GET', `/chats/${chat}/devices`);
    const device_keys = {};
    for (const { userId, deviceId, algorithms, identityKey, signingKey, signature } of devices) {
      (device_keys[named(userId)] ??= {})[deviceId] = {
        user_id: named(userId), device_id: deviceId, algorithms,
        keys: { [`curve25519:${deviceId}`]: identityKey, [`ed25519:${deviceId}`]: signingKey },
        signatures: signed(userId, deviceId, signature),
      };
    }
    const users = () => Object.keys(device_keys).map((user) => new UserId(user));
    await this.machine.updateTrackedUsers(users());
    const query = this.machine.queryKeysForUsers(users());
    await this.machine.markRequestAsSent(query.id, query.type, JSON.stringify({ device_keys, failures: {} }));
    const claim = await this.machine.getMissingSessions(users());
    if (claim) {
      const wanted = Object.entries(JSON.parse(claim.body).one_time_keys).flatMap(([user, ids]) =>
        Object.keys(ids).map((deviceId) => ({ userId: user.slice(1).split(':')[0], deviceId })));
      const one_time_keys = {};
      for (const { userId, deviceId, key, fallback } of await this.rest('POST', `/chats/${chat}/devices/claim`, { devices: wanted })) {
        if (!key) continue;
        (one_time_keys[named(userId)] ??= {})[deviceId] = {
          [`signed_curve25519:${key.keyId}`]: { key: key.key, ...(fallback && { fallback }), signatures: signed(userId, deviceId, key.signature) },
        };
      }
      await this.machine.markRequestAsSent(claim.id, claim.type, JSON.stringify({ one_time_keys, failures: {} }));
    }
    return devices.filter(({ deviceId }) => deviceId !== this.id);
  }

  async encrypt(content, devices) {
    const ciphertexts = [];
    for (const { userId, deviceId } of devices) {
      const to = await this.machine.getDevice(new UserId(named(userId)), new DeviceId(deviceId));
      const { ciphertext } = JSON.parse(await to.encryptToDeviceEvent('calldocker.message', content));
      const [{ type, body }] = Object.values(ciphertext);
      ciphertexts.push({ userId, deviceId, type, body });
    }
    return { type: 'encrypted', encrypted: { deviceId: this.id, ciphertexts } };
  }

  /** What a message says to this device. */
  async decrypt({ senderId, content: { encrypted } }) {
    const text = encrypted.ciphertexts.find(({ deviceId }) => deviceId === this.id);
    assert.ok(text, `nothing for ${this.id}: ${JSON.stringify(encrypted)}`);
    const sender = await this.machine.getDevice(new UserId(named(senderId)), new DeviceId(encrypted.deviceId));
    const ciphertext = { [this.machine.identityKeys.curve25519.toBase64()]: { type: text.type, body: text.body } };
    const event = { type: 'm.room.encrypted', sender: named(senderId),
      content: { algorithm: ALGORITHM, sender_key: sender.curve25519Key.toBase64(), ciphertext } };
    const [read] = await this.machine.receiveSyncChanges(JSON.stringify([event]), new DeviceLists(), new Map());
    return JSON.parse(read.rawEvent).content;
  }

  /** A message that has come, by its words to this device. */
  async hear(id) {
    const { message } = await this.socket.until('new_message', ({ message }) => message.id === id);
    return this.decrypt(message);
  }
}

const text = (words) => ({ type: 'text', text: words });
const ids = [1, 2, 3].map((n) => `01890000-0000-7000-8000-0000000000c${n}`);
const ann = await Device.publish(ours.owner, ids[0]);
const bob = await Device.publish(ours.manager, ids[1]);
const { id: chat } = await ann.rest('POST', '/chats/private', { userId: bob.user });

test('two devices exchange messages that nobody else can read', async () => {
  await bob.rest('POST', `/chats/${chat}/encryption`);
  assert.equal((await ann.socket.until('chat_updated', ({ change }) => change === 'encrypted')).by, bob.user);
  const content = await ann.encrypt(text('The safe opens at noon.'), await ann.meet(chat));
  const sent = await ann.socket.ask('send_message', { chatId: chat, content, tempId: 'olm-1' });
  assert.equal(sent.success, true, JSON.stringify(sent));
  await bob.meet(chat);
  assert.deepEqual(await bob.hear(sent.data.message.id), text('The safe opens at noon.'));
  const answer = await bob.encrypt(text('I am there.'), await bob.meet(chat));
  const { id } = await bob.rest('POST', '/messages', { chatId: chat, content: answer });
  assert.deepEqual(await ann.hear(id), text('I am there.'));
  const known = await server('everything that is stored');
  assert.ok(!known.includes('safe opens') && !known.includes('I am there'), 'the server knows what was said');
});

test('a file is encrypted before it is uploaded, and decrypted by who is sent its key', async () => {
  const plan = 'The plan of the vault, with the way in.';
  const closed = Attachment.encrypt(new TextEncoder().encode(plan));
  const form = new FormData();
  form.append('file', new Blob([closed.encryptedData]), 'file');
  const headers = { authorization: `Bearer ${ann.person.token}` };
  const uploaded = await fetch(`${url}/api/media?encrypted=true`, { method: 'POST', headers, body: form });
  const { data: media } = await uploaded.json();
  assert.deepEqual([uploaded.status, media.kind], [201, 'encrypted']);
  const inside = { type: 'document', name: 'plan.txt', file: JSON.parse(closed.mediaEncryptionInfo) };
  const content = { ...await ann.encrypt(inside, await ann.meet(chat)), mediaId: media.id };
  const { id } = await ann.rest('POST', '/messages', { chatId: chat, content });
  const { file, name } = await bob.hear(id);
  const { message } = await bob.rest('GET', `/messages/${id}`);
  const { pathname, search } = new URL(message.content.media.url);
  const fetched = new Uint8Array(await (await fetch(`${url}${pathname}${search}`)).arrayBuffer());
  const opened = Attachment.decrypt(new EncryptedAttachment(fetched, JSON.stringify(file)));
  assert.deepEqual([name, new TextDecoder().decode(opened)], ['plan.txt', plan]);
  assert.ok(!new TextDecoder().decode(fetched).includes('vault'));
});

test('a client is told that its keys become few, and publishes more', async () => {
  const told = await bob.socket.until('device_keys');
  assert.equal(told.deviceId, bob.id);
  const before = told.oneTimeKeys;
  await bob.machine.receiveSyncChanges('[]', new DeviceLists(), new Map([['signed_curve25519', before]]), new Set());
  await bob.upload();
  const [device] = await bob.rest('GET', '/chat/devices');
  assert.ok(device.oneTimeKeys > before, `${device.oneTimeKeys} after ${before}`);
  assert.equal(device.hasFallback, true);
});

test('a new device is missed by who does not know it, and reads from then on', async () => {
  const known = await ann.meet(chat);
  const tablet = await Device.publish(ours.manager, ids[2]);
  assert.equal((await ann.socket.until('devices_changed', ({ userId }) => userId === bob.user)).deviceId, tablet.id);
  const stale = { chatId: chat, content: await ann.encrypt(text('one'), known) };
  const refused = await ann.rest('POST', '/messages', stale).catch((error) => error);
  assert.deepEqual([refused.status, refused.code, refused.errors.map(({ field }) => field)],
    [409, 'CHAT_DEVICES_CHANGED', [`/missing/${bob.user}/${tablet.id}`]]);
  const content = await ann.encrypt(text('two'), await ann.meet(chat));
  const { id } = await ann.rest('POST', '/messages', { chatId: chat, content });
  await tablet.meet(chat);
  assert.deepEqual([await bob.hear(id), await tablet.hear(id)], [text('two'), text('two')]);
  const edited = await ann.encrypt(text('three'), await ann.meet(chat));
  const asked = await ann.socket.ask('edit_message', { messageId: id, newContent: edited });
  assert.equal(asked.success, true, JSON.stringify(asked));
  const told = await tablet.socket.until('message_edited');
  assert.deepEqual(await tablet.decrypt({ senderId: ann.user, content: told.content }), text('three'));
  const again = await bob.rest('GET', `/messages/${id}`);
  assert.deepEqual(await bob.decrypt(again.message), text('three'));
  tablet.socket.close();
});

await run();
