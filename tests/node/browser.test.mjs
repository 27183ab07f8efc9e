// node browser.test.mjs BASE_URL… CHROMIUM PICTURES [TURN_PORT]: two pages of a browser call each other by our signalling, with the
// browser's made-up camera and microphone; with TURN_PORT through that relay alone. Started by
// api/tests/it/peer_calls/browsers.rs, which owns the servers. PICTURES is a folder for what a page looks like, or empty.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { node, run, server, test } from './client.mjs'
import { listen, until } from './support.mjs'

const [executablePath, pictures, relay] = process.argv.slice(2).filter((one) => !one.startsWith('http'))
const PATIENCE = 60 // seconds; only ever waited out by a failing test
const { ours } = await server('world')

/** A line to a port of this machine's that can be cut. */
class Line {
  constructor(port) {
    Object.assign(this, { open: true, ends: new Set() })
    this.listener = net.createServer((near) => {
      if (!this.open) return near.destroy()
      const far = net.connect(port, '127.0.0.1')
      for (const [from, into] of [[near, far], [far, near]]) {
        this.ends.add(from)
        from.on('error', () => {}).on('close', () => { this.ends.delete(from); into.destroy() })
        from.pipe(into)
      }
    })
  }

  async start() {
    await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', resolve))
    return this.listener.address().port
  }

  cut() {
    this.open = false
    this.ends.forEach((end) => end.destroy())
  }

  mend() {
    this.open = true
  }
}

const files = {
  '/': ['text/html', 'browser/call.html'],
  '/call.js': ['text/javascript', 'browser/call.js'],
  '/socket.io.min.js': ['text/javascript', 'node_modules/socket.io-client/dist/socket.io.min.js'],
}
const site = await listen(async ({ path }) => {
  const [type, file] = files[path] ?? []
  return file ? { status: 200, type, body: await readFile(file, 'utf8') } : { status: 404, body: '' }
})
const browser = await chromium.launch({
  executablePath,
  args: [
    '--use-fake-device-for-media-stream=fps=5', '--auto-accept-this-tab-capture',
    '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns',
    // Tests share the processors: pictures are few, and nothing is drawn by way of a graphics card that is not there.
    '--disable-gpu', '--disable-software-rasterizer',
  ],
})

class Someone {
  constructor(name, person) {
    Object.assign(this, { name, person, lines: { server: new Line(new URL(node()).port), relay: new Line(relay) } })
  }

  async sitDown() {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] })
    this.page = await context.newPage()
    this.page.on('pageerror', (error) => console.error(`${this.name}: ${error}`))
    await this.page.goto(site.base)
    const how = {
      name: this.name,
      token: this.person.token,
      url: `http://127.0.0.1:${await this.lines.server.start()}`,
      relay: relay ? await this.lines.relay.start() : null,
    }
    await this.page.evaluate((how) => { window.phone = new Phone(how) }, how)
    await this.hears('snapshot')
    return this
  }

  /** The payload of such an event, of somebody's if he is given. */
  hears(event, from) {
    const look = ({ event, from }) =>
      phone.told.find((one) => one.event === event && (!from || one.payload.from === from))?.payload ?? null
    return until(`${this.name} hears ${event}`, () => this.page.evaluate(look, { event, from: from?.user }), PATIENCE)
  }

  /** As a click of the user's does it. */
  async shareScreen() {
    const session = await this.page.context().newCDPSession(this.page)
    const click = { expression: 'phone.shareScreen()', userGesture: true, awaitPromise: true }
    const { exceptionDetails } = await session.send('Runtime.evaluate', click)
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails))
  }

  arrived() {
    return this.page.evaluate(() => phone.arrived())
  }

  /** More sound and more pictures of each of so many films arrive than have so far. */
  async seesAndHears(films) {
    const before = await this.arrived()
    let now
    const grows = async () => {
      now = await this.arrived()
      const grown = Object.entries(now.films).filter(([track, frames]) => frames > (before.films[track] ?? 0) + 2)
      return now.state === 'connected' && now.sound > before.sound && grown.length === films
    }
    await until('media arrive', grows, PATIENCE).catch((error) => {
      throw new Error(`${this.name}: ${error.message}: ${JSON.stringify({ before, now })}`)
    })
    return now
  }
}

const both = (one, other, what) => Promise.all([what(one), what(other)])
const [ann, bob] = await Promise.all([new Someone('Ann', ours.manager).sitDown(), new Someone('Bob', ours.agent).sitDown()])

test('media flow both ways', async () => {
  await ann.page.evaluate((id) => phone.call(id), ours.agent.user)
  await ann.hears('call:answered')
  const ways = (await both(ann, bob, (one) => one.seesAndHears(1))).map(({ pair }) => pair)
  const servers = await ann.page.evaluate(() => phone.iceServers)
  if (relay) {
    assert.deepEqual([ways, servers.length], [[['relay', 'relay'], ['relay', 'relay']], 1])
  } else {
    // Whoever is heard from before his candidate has come is known as a peer.
    assert.ok(ways.flat().every((kind) => kind === 'host' || kind === 'prflx'), JSON.stringify(ways))
    assert.deepEqual(servers, [])
  }
})

if (!relay) {
  test('one shares its screen, and the other sees it beside the camera', async () => {
    await ann.shareScreen()
    assert.equal((await bob.hears('call:media')).screen, true)
    await both(ann, bob, (one) => one.seesAndHears(one === bob ? 2 : 1))
    if (pictures) await bob.page.screenshot({ path: `${pictures}/bob.png` })
  })
}

test(relay ? 'one has no network for five seconds, and the call goes on' : 'one has no server for five seconds, and they talk on', async () => {
  const lines = Object.values(bob.lines)
  lines.forEach((line) => line.cut())
  await sleep(2_000) // until what was on its way has arrived
  const before = await both(ann, bob, (one) => one.arrived())
  await sleep(3_000)
  assert.ok(await bob.page.evaluate(() => !phone.socket.connected))
  const after = await both(ann, bob, (one) => one.arrived())
  before.forEach(({ sound }, at) => assert.equal(after[at].sound > sound, !relay, JSON.stringify({ before, after })))

  lines.forEach((line) => line.mend())
  await ann.hears('call:renegotiate', bob.person) // with which he looks for a new way
  await until('it is agreed on', () => bob.page.evaluate(() => phone.peer.signalingState === 'stable'), PATIENCE)
  await both(ann, bob, (one) => one.seesAndHears(one === bob && !relay ? 2 : 1))
  assert.equal(await bob.page.evaluate(() => phone.connections), 2)
  const [row] = await server('calls')
  assert.deepEqual([row.status, row.parties.map((party) => party.state)], ['active', ['joined', 'joined']])
})

test('one hangs up, and the other is told', async () => {
  await bob.page.evaluate(() => phone.ask('call:end', { callId: phone.callId }))
  assert.equal((await ann.hears('call:ended')).reason, 'hung_up')
  const [row] = await server('calls')
  assert.deepEqual([row.status, row.outcome, row.slots], ['ended', 'answered', 0])
})

test('the browser and the server are left', async () => {
  await browser.close()
  await site.close()
  await server('stop')
})

await run()
