// What the tests of calls among colleagues share: people at their devices, and requests over REST.

import assert from 'node:assert/strict';
import { Client, node, server } from './client.mjs';

export const OFFER = { type: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n' };
export const ANSWER = { type: 'answer', sdp: 'v=0\r\no=- 2 1 IN IP4 192.0.2.8\r\n' };
export const CANDIDATE = { candidate: 'candidate:1 1 UDP 1 192.0.2.7 50000 typ host', sdpMid: '0', sdpMLineIndex: 0 };

/** A device of somebody's, shown how things stand. `how` is what it says of itself beside its token. */
export const device = (person, how) => deviceAt(node(), person, how);

export const deviceAt = async (url, person, how = {}) => {
  const client = new Client(url, { token: person.token, ...how });
  await client.until('snapshot');
  return client;
};

/** The answer to a request, which has to have this status. */
export const rest = async (person, method, path, body, status = 200) => {
  const headers = { authorization: `Bearer ${person.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${node()}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const said = await answer.json();
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(said)}`);
  return said;
};

/** The data of an acknowledgement that has to be good. */
export const done = async (acknowledgement) => {
  const answer = await acknowledgement;
  assert.ok(answer.success, JSON.stringify(answer));
  return answer.data;
};

/** How our company's calls among colleagues stand in the database. */
export const call = async (callId) => {
  const found = (await server('calls')).find((one) => one.id === callId);
  assert.ok(found, `there is no call ${callId}`);
  return found;
};

export const events = (client, name, callId) => client.heard(name).filter((one) => one.callId === callId);
