// Plays Twilio against a real server, with nothing but Twilio's own library: signs every webhook, answers the requests
// that the server sends to Twilio's API, and leads one call through the whole of its life.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import twilio from 'twilio'
import { env, listen, until } from './support.mjs'

const accountSid = env('TWILIO_ACCOUNT_SID')
const authToken = env('TWILIO_AUTH_TOKEN')
const port = env('PORT')
const server = `http://127.0.0.1:${port}`
const password = 'calldocker-demo'
const number = '+12025550100'
const caller = '+12025550199'
const api = `/2010-04-01/Accounts/${accountSid}`

const sid = (kind) => kind + [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')
const stamp = () => new Date().toUTCString().replace('GMT', '+0000')

// ---- Twilio's API

/** What the server asked of it: `{ method, path, params }`. */
const asked = []
const numbers = []
const calls = new Map()
let twilioApi
let child
let printed = ''

function answer(request) {
  const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  if (request.headers.authorization !== expected) {
    return { status: 401, body: { code: 20003, message: 'Authenticate', status: 401 } }
  }
  assert.ok(request.path.startsWith(api), `${request.path} is of another account`)
  if (request.method === 'POST') {
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
  }
  const { method, params } = request
  const path = request.path.slice(api.length)
  asked.push({ method, path, params })
  if (path === '/IncomingPhoneNumbers.json' && method === 'GET') {
    const found = numbers.filter((one) => one.phone_number === (request.query.PhoneNumber ?? one.phone_number))
    return { status: 200, body: { incoming_phone_numbers: found, next_page_uri: null } }
  }
  if (path === '/IncomingPhoneNumbers.json') {
    const made = { sid: sid('PN'), account_sid: accountSid, phone_number: params.PhoneNumber, friendly_name: '' }
    numbers.push({ ...made, voice_url: params.VoiceUrl, voice_fallback_url: params.VoiceFallbackUrl, status_callback: params.StatusCallback })
    return { status: 201, body: numbers.at(-1) }
  }
  if (path === '/Calls.json' && method === 'POST') {
    const call = {
      sid: sid('CA'), account_sid: accountSid, to: params.To, from: params.From, status: 'queued',
      direction: 'outbound-api', date_created: stamp(), api_version: '2010-04-01', price: null, duration: null
    }
    calls.set(call.sid, call)
    return { status: 201, body: call }
  }
  const one = path.match(/^\/Calls\/(CA[0-9a-f]{32})\.json$/)
  if (one && calls.has(one[1])) return { status: 200, body: calls.get(one[1]) }
  return { status: 404, body: { code: 20404, message: 'The requested resource was not found', status: 404 } }
}

// ---- Twilio's webhooks

/** Asks the server as Twilio does. The fragment of an address is never sent, and never signed. */
async function webhook(url, params, token = authToken) {
  const target = url.split('#')[0]
  const reply = await fetch(target, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent': 'TwilioProxy/1.1',
      'i-twilio-idempotency-token': sid(''),
      'x-twilio-signature': twilio.getExpectedTwilioSignature(token, target, params)
    },
    body: new URLSearchParams(params)
  })
  return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() }
}

/** A request for TwiML, sent twice as after a lost answer: both answers must be the same. */
async function document(url, params) {
  const first = await webhook(url, params)
  assert.equal(first.status, 200, first.text)
  assert.match(first.type, /^text\/xml/)
  assert.deepEqual(await webhook(url, params), first, `the same request twice: ${url}`)
  return first.text
}

/** A callback, sent twice. */
async function callback(url, params) {
  for (let time = 0; time < 2; time++) {
    const reply = await webhook(url, params)
    assert.ok(reply.status === 200 || reply.status === 204, `${reply.status} ${reply.text}`)
  }
}

const unescaped = (text) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&')

/** The attributes and the text of the first element of that name. */
function element(xml, name) {
  const found = xml.match(new RegExp(`<${name}((?:\\s+[\\w:]+="[^"]*")*)\\s*(?:/>|>([^<]*))`))
  assert.ok(found, `no <${name}> in ${xml}`)
  const attributes = [...found[1].matchAll(/([\w:]+)="([^"]*)"/g)].map(([, key, value]) => [key, unescaped(value)])
  return { ...Object.fromEntries(attributes), text: unescaped(found[2] ?? '').trim() }
}

const inbound = (callSid, more = {}) => ({
  AccountSid: accountSid,
  ApiVersion: '2010-04-01',
  CallSid: callSid,
  CallStatus: 'ringing',
  Called: number,
  Caller: caller,
  Direction: 'inbound',
  From: caller,
  FromCity: 'WASHINGTON, D.C.',
  FromCountry: 'US',
  FromZip: '',
  StirVerstat: 'TN-Validation-Passed-A',
  To: number,
  ...more
})

// ---- The API of the server

async function rest(method, path, token, body) {
  const reply = await fetch(`${server}${path}`, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body)
  })
  const text = await reply.text()
  return { status: reply.status, body: text ? JSON.parse(text) : null }
}

async function signIn(email) {
  const reply = await rest('POST', '/api/auth/login', null, { email, password })
  assert.equal(reply.status, 200, JSON.stringify(reply.body))
  return reply.body.data.token
}

const allCalls = async (token) => (await rest('GET', '/api/calls?limit=100', token)).body.data
const story = async (token, id) => (await rest('GET', `/api/calls/${id}/events`, token)).body.data.map((line) => line.kind)

before(async () => {
  twilioApi = await listen(answer)
  child = spawn(env('CALLDOCKER'), ['serve'], {
    env: {
      PORT: port, DATA_DIR: env('DATA_DIR'), PUBLIC_URL: server, TWILIO_API_URL: twilioApi.base,
      TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { printed += chunk })
  await until('the server is ready', async () => {
    if (child.exitCode !== null) throw new Error(`the server has ended:\n${printed}`)
    return fetch(`${server}/health/ready`).then((reply) => reply.ok, () => false)
  }, 60)
})

after(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  await twilioApi.close()
})

test('the server points the numbers at itself', async () => {
  const mine = await until('the number is provisioned', () => numbers.find((one) => one.phone_number === number), 30)
  const base = new RegExp(`^${server}/api/webhooks/twilio/[0-9a-f-]{36}`)
  assert.match(mine.voice_url, base)
  assert.match(mine.voice_fallback_url, base)
  assert.match(mine.status_callback, base)
})

test('a request that Twilio did not sign is refused and leaves nothing behind', async () => {
  const { voice_url: voiceUrl } = numbers.find((one) => one.phone_number === number)
  const owner = await signIn('owner@acme.test')
  const before = await allCalls(owner)
  const params = inbound(sid('CA'))
  assert.equal((await webhook(voiceUrl, params, 'another-token')).status, 403)

  const target = voiceUrl.split('#')[0]
  const send = (headers, changed) =>
    fetch(target, { method: 'POST', headers, body: new URLSearchParams({ ...params, ...changed }) })
  assert.equal((await send({}, {})).status, 403)
  const signature = twilio.getExpectedTwilioSignature(authToken, target, params)
  assert.equal((await send({ 'x-twilio-signature': signature }, { From: '+12025550123' })).status, 403)
  assert.equal((await send({ 'x-twilio-signature': signature, host: 'evil.example' }, { To: number, Extra: '1' })).status, 403)
  // Of another account, however well it is signed.
  assert.equal((await webhook(voiceUrl, { ...params, AccountSid: sid('AC') })).status, 403)
  const other = target.replace(/[0-9a-f]{12}$/, '000000000000')
  assert.equal((await webhook(other, params, 'another-token')).status, 403)
  assert.deepEqual(await allCalls(owner), before)
})

test('a call goes its whole way', async () => {
  const { voice_url: voiceUrl, status_callback: ended } = numbers.find((one) => one.phone_number === number)
  const callerSid = sid('CA')
  calls.set(callerSid, { sid: callerSid, account_sid: accountSid, to: number, from: caller, status: 'in-progress', direction: 'inbound' })
  const owner = await signIn('owner@acme.test')
  const agent = await signIn('agent1@acme.test')

  // The menu.
  const menu = await document(voiceUrl, inbound(callerSid))
  const gather = element(menu, 'Gather')
  assert.ok(gather.input.split(' ').includes('dtmf'), menu)
  const line = inbound(callerSid, { CallStatus: 'in-progress' })
  const parked = await document(gather.action, { ...line, Digits: '1', FinishedOnKey: '', msg: 'Gather End' })
  const enqueue = element(parked, 'Enqueue')
  assert.ok(enqueue.text.length > 0 && enqueue.text.length <= 64, parked)

  // The queue.
  const queue = { QueueSid: sid('QU'), QueueTime: '0' }
  const waiting = { ...line, ...queue, QueuePosition: '1', AvgQueueTime: '0', CurrentQueueSize: '1', MaxQueueSize: '1000' }
  const music = await document(enqueue.waitUrl, waiting)
  for (const verb of ['Dial', 'Record', 'Enqueue']) assert.ok(!music.includes(`<${verb}`), music)
  assert.match(element(music, 'Redirect').text, /^http/)

  // The offer.
  const offer = await until('the call is offered', async () => (await rest('GET', '/api/offers', agent)).body.data[0])
  assert.deepEqual([offer.call.from, offer.call.to], [caller, number])
  const accepted = await rest('POST', `/api/offers/${offer.id}/accept`, agent)
  assert.equal(accepted.status, 200, JSON.stringify(accepted.body))
  const id = accepted.body.data.callId
  assert.equal((await rest('POST', `/api/offers/${offer.id}/accept`, agent)).status, 409)

  // The agent's leg.
  const dialled = await until('the agent is dialled', () => asked.find((one) => one.path === '/Calls.json'))
  assert.match(dialled.params.To, /^client:[\w.-]{1,256}$/)
  assert.equal(dialled.params.From, number)
  assert.deepEqual(dialled.params.StatusCallbackEvent, ['initiated', 'ringing', 'answered', 'completed'])
  const agentSid = [...calls.keys()].at(-1)
  const leg = { AccountSid: accountSid, ApiVersion: '2010-04-01', CallSid: agentSid, Direction: 'outbound-api', From: number, To: dialled.params.To }
  const progress = (sequence, status, more = {}) =>
    callback(dialled.params.StatusCallback, {
      ...leg, CallStatus: status, CallbackSource: 'call-progress-events', SequenceNumber: `${sequence}`, Timestamp: stamp(), ...more
    })
  await progress(1, 'ringing')
  await progress(0, 'initiated') // out of order, as it happens
  const agentsRoom = await document(dialled.params.Url, { ...leg, CallStatus: 'in-progress' })
  await progress(2, 'in-progress')
  const room = element(agentsRoom, 'Conference')
  const agentsDial = element(agentsRoom, 'Dial')
  assert.deepEqual([room.startConferenceOnEnter, room.endConferenceOnExit, room.beep], ['true', 'false', 'false'])
  for (const event of ['start', 'end', 'join', 'leave']) assert.ok(room.statusCallbackEvent.split(' ').includes(event))

  // The conference.
  const conferenceSid = sid('CF')
  let sequence = 0
  const happens = (event, who, more = {}) =>
    callback(room.statusCallback, {
      AccountSid: accountSid, ConferenceSid: conferenceSid, FriendlyName: room.text, SequenceNumber: `${++sequence}`,
      StatusCallbackEvent: event, Timestamp: stamp(),
      ...(who && { CallSid: who.sid, ParticipantLabel: who.label, Muted: 'false', Hold: 'false', Coaching: 'false',
        EndConferenceOnExit: `${who.ends}`, StartConferenceOnEnter: 'true' }),
      ...more
    })
  await happens('participant-join', { sid: agentSid, label: room.participantLabel, ends: false })
  const update = await until('the caller is fetched', () => asked.find((one) => one.path === `/Calls/${callerSid}.json`) ??
    asked.find((one) => one.path === `/Queues/${queue.QueueSid}/Members/${callerSid}.json`))
    .catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(asked)}\n${printed}`) })
  assert.equal(update.method, 'POST')
  const left = await document(enqueue.action, { ...line, ...queue, QueueResult: 'redirected' })
  const callersRoom = await document(update.params.Url, line)
  assert.equal(left, callersRoom, 'whether the answer to a redirected queue is executed is not documented')
  const place = element(callersRoom, 'Conference')
  assert.deepEqual([place.text, place.startConferenceOnEnter, place.endConferenceOnExit], [room.text, 'true', 'true'])
  assert.notEqual(place.participantLabel, room.participantLabel)
  await happens('participant-join', { sid: callerSid, label: place.participantLabel, ends: true })
  await happens('conference-start')
  assert.equal((await rest('GET', `/api/calls/${id}`, agent)).body.data.status, 'connected')

  // The end.
  await happens('participant-leave', { sid: callerSid, label: place.participantLabel, ends: true }, {
    ParticipantCallStatus: 'completed', ReasonParticipantLeft: 'participant_hung_up'
  })
  await happens('conference-end', null, {
    ReasonConferenceEnded: 'participant-with-end-conference-on-exit-left', CallSidEndingConference: callerSid,
    Reason: 'Participant hung up'
  })
  await callback(ended, { ...line, CallStatus: 'completed', CallDuration: '12', Duration: '1', SequenceNumber: '0',
    CallbackSource: 'call-progress-events', Timestamp: stamp() })
  const exit = await document(agentsDial.action, { ...leg, CallStatus: 'in-progress', DialCallStatus: 'answered' })
  assert.match(exit, /<Hangup\s*\/>/)
  await progress(3, 'completed', { CallDuration: '9', Duration: '1' })

  // Wrap-up.
  assert.equal((await rest('GET', `/api/calls/${id}`, agent)).body.data.status, 'wrap_up')
  const wrapped = await rest('POST', `/api/calls/${id}/wrap-up`, agent, { disposition: 'sold', notes: 'Two of them.' })
  assert.equal(wrapped.status, 200, JSON.stringify(wrapped.body))
  const done = (await rest('GET', `/api/calls/${id}`, owner)).body.data
  assert.deepEqual([done.status, done.outcome, done.endedBy, done.disposition], ['completed', 'answered', 'caller', 'sold'])
  assert.equal((await allCalls(owner)).length, 1, 'one call, whatever was sent twice')
  const kinds = (await story(owner, id)).filter((kind) => kind !== 'flow.node')
  assert.deepEqual(kinds, [
    'call.arrived', 'flow.started', 'queue.entered', 'offer.made', 'offer.accepted', 'agent.dialled', 'agent.ringing',
    'agent.joined', 'call.connected', 'queue.left', 'caller.left', 'wrap_up.started', 'wrap_up.ended', 'call.ended'
  ])
  assert.equal(asked.filter((one) => one.path === '/Calls.json').length, 1, 'the agent was dialled once')
})

test('a call that is over is told nothing new by what comes late', async () => {
  const { voice_url: voiceUrl } = numbers.find((one) => one.phone_number === number)
  const owner = await signIn('owner@acme.test')
  const callSid = sid('CA')
  const gather = element(await document(voiceUrl, inbound(callSid)), 'Gather')
  const { status_callback: ended } = numbers.find((one) => one.phone_number === number)
  const line = inbound(callSid, { CallStatus: 'completed' })
  await callback(ended, { ...line, CallDuration: '3', SequenceNumber: '0', Timestamp: stamp() })
  const [call] = await allCalls(owner)
  assert.equal(call.status, 'completed')
  const before = await story(owner, call.id)
  await document(gather.action, { ...line, Digits: '1', msg: 'Gather End' })
  assert.deepEqual(await story(owner, call.id), before)
  assert.equal((await allCalls(owner))[0].status, 'completed')
})
