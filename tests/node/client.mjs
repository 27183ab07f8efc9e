// What the tests of sockets share: a client that remembers what it was told, the way to the test that started this
// process, and a runner. Nothing here waits for time to pass: every wait is for an event, and says what came instead.

import readline from 'node:readline';
import { io } from 'socket.io-client';

const PATIENCE = 20_000; // milliseconds; only ever waited out by a failing test

const within = (promise, complaint) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** The addresses of the server's nodes. */
export const nodes = process.argv.slice(2).filter((one) => one.startsWith('http'));
let turn = 0;

/** One node after the other, so that of two people who talk to each other each is at a node of his own, where there are two. */
export const node = () => nodes[turn++ % nodes.length];

/** An ordinary socket.io client. */
export class Client {
  constructor(url, auth, transport = 'websocket') {
    this.told = [];
    this.waiting = new Set();
    const options = { transports: [transport], auth, forceNew: true, reconnection: false, autoConnect: false };
    this.socket = io(url, options);
    this.socket.onAny((event, payload) => this.note(event, payload));
    this.socket.on('connect', () => this.note('connect'));
    this.socket.on('disconnect', (reason) => this.note('disconnect', reason));
    this.socket.on('connect_error', (error) => this.note('connect_error', error.message));
    this.socket.connect();
  }

  note(event, payload) {
    this.told.push({ event, payload });
    for (const look of [...this.waiting]) look();
  }

  /** The payload of the first such event, past or to come. */
  until(event, matches = () => true) {
    const found = new Promise((resolve) => {
      const look = () => {
        const one = this.told.find((one) => one.event === event && matches(one.payload));
        if (one) {
          this.waiting.delete(look);
          resolve(one.payload);
        }
      };
      this.waiting.add(look);
      look();
    });
    return within(found, () => `${event} did not come, but ${JSON.stringify(this.told)}`);
  }

  heard(event) {
    return this.told.filter((one) => one.event === event).map((one) => one.payload);
  }

  forget() {
    this.told = [];
  }

  /** The acknowledgement of an event. */
  ask(event, ...payload) {
    return within(this.socket.emitWithAck(event, ...payload), () => `no acknowledgement of ${event}`);
  }

  /** Everything that the server had told this socket has arrived. */
  async upToNow() {
    await this.ask('is anything still on its way?');
  }

  /** The same, and what has happened at other nodes, which this socket's has perhaps not heard of yet. */
  async caughtUp() {
    const from = Math.max(0, ...this.told.map(({ payload }) => payload?.seq ?? 0));
    await this.ask('resume', { from });
  }

  close() {
    this.socket.disconnect();
  }
}

const answers = readline.createInterface({ input: process.stdin });
const asked = new Map();
answers.on('line', (line) => {
  const { id, result } = JSON.parse(line);
  asked.get(id)(result);
  asked.delete(id);
});
let last = 0;

/** Has the test that started this process do something at the server, and waits until it is done. */
export const server = (what, more = {}) => {
  const id = ++last;
  const done = new Promise((resolve) => asked.set(id, resolve));
  process.stdout.write(`${JSON.stringify({ id, do: what, ...more })}\n`);
  return within(done, () => `the server did not ${what}`);
};

const tests = [];
export const test = (name, body) => tests.push({ name, body });

/** Runs the tests in their order and ends the process; the first failure ends it at once. */
export const run = async () => {
  for (const { name, body } of tests) {
    try {
      await body();
      console.error(`ok - ${name}`);
    } catch (error) {
      console.error(`not ok - ${name}\n${error.stack}`);
      process.exit(1);
    }
  }
  process.exit(tests.length > 0 ? 0 : 1);
};
