// Twilio's official client against the look-alike: what the client sends is understood, and what comes back is what the
// client expects of the real one.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import twilio from 'twilio'
import { env, listen, until } from './support.mjs'

const carrierUrl = env('CARRIER_URL')
const accountSid = env('TWILIO_ACCOUNT_SID')
const authToken = env('TWILIO_AUTH_TOKEN')
const { RequestClient } = twilio

/** Sends to the look-alike what would go to Twilio. */
class Redirected extends RequestClient {
  request(options) {
    assert.ok(options.uri.startsWith('https://api.twilio.com/'), options.uri)
    return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', carrierUrl) })
  }
}

const connect = (token) => twilio(accountSid, token, { httpClient: new Redirected({ keepAlive: false }) })
const client = connect(authToken)

/** The customer's application: every request that the look-alike sends to it. */
const received = []
let application

const documents = {
  '/ask': '<Response><Gather numDigits="1" action="/answer" timeout="30"><Say>Press a key</Say></Gather></Response>',
  '/answer': '<Response><Say>Thank you</Say><Pause length="60"/></Response>',
  '/stay': '<Response><Say>Hello</Say><Pause length="60"/></Response>',
  '/meet': '<Response><Dial><Conference participantLabel="ann" startConferenceOnEnter="true" endConferenceOnExit="true" ' +
    'waitUrl="" statusCallback="/told" statusCallbackEvent="start end join leave">room-1</Conference></Dial></Response>',
  '/park': '<Response><Enqueue waitUrl="/wait" action="/left">park-1</Enqueue></Response>',
  '/wait': '<Response><Pause length="20"/></Response>',
  '/left': '<Response/>'
}

before(async () => {
  application = await listen((request) => {
    received.push(request)
    return documents[request.path]
  })
})

after(() => application.close())

const at = (path) => `${application.base}${path}`
const about = (path, sid) => received.filter((r) => r.path === path && (!sid || r.params.CallSid === sid))

/** Another call, which is answered and hears this document. */
async function answered(path, to = 'client:ann') {
  const call = await client.calls.create({ to, from: '+12025550100', url: at(path) })
  await until(`${call.sid} is answered`, async () => (await client.calls(call.sid).fetch()).status === 'in-progress')
  return call
}

const hangUp = (...calls) =>
  Promise.all(calls.map((call) => client.calls(call.sid).update({ status: 'completed' }).catch(() => {})))

test('a call is created, found, redirected and ended', async () => {
  const call = await client.calls.create({
    to: 'client:ann',
    from: '+12025550100',
    url: at('/stay'),
    statusCallback: at('/progress'),
    statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
    timeout: 20
  })
  assert.match(call.sid, /^CA[0-9a-f]{32}$/)
  assert.deepEqual([call.to, call.from, call.direction], ['client:ann', '+12025550100', 'outbound-api'])
  assert.ok(call.dateCreated instanceof Date && !Number.isNaN(call.dateCreated.valueOf()))
  assert.equal(call.accountSid, accountSid)

  await until('the first document is asked for', () => about('/stay', call.sid).length > 0)
  const live = await client.calls(call.sid).fetch()
  assert.equal(live.status, 'in-progress')
  assert.ok(live.startTime instanceof Date)
  const listed = await client.calls.list({ to: 'client:ann', status: 'in-progress' })
  assert.ok(listed.some((one) => one.sid === call.sid))

  await client.calls(call.sid).update({ url: at('/answer'), method: 'POST' })
  await until('the second document is asked for', () => about('/answer', call.sid).length > 0)
  await client.calls(call.sid).update({ status: 'completed' })
  const over = await until('the call is over', async () => {
    const now = await client.calls(call.sid).fetch()
    return now.status === 'completed' && now
  })
  assert.match(over.duration, /^\d+$/)
  await until('all progress is told', () => about('/progress', call.sid).length === 4)
  assert.deepEqual(about('/progress', call.sid).map((r) => r.params.CallStatus), [
    'initiated', 'ringing', 'in-progress', 'completed'
  ])
  await assert.rejects(client.calls(call.sid).update({ url: at('/stay') }), { status: 400, code: 21220 })
})

test('a call can be given its document', async () => {
  const response = new twilio.twiml.VoiceResponse()
  response.say('Given with the request')
  response.redirect(at('/stay'))
  const call = await client.calls.create({ to: 'client:ann', from: '+12025550100', twiml: response.toString() })
  await until('the redirect is followed', () => about('/stay', call.sid).length > 0)
  await hangUp(call)
})

test('errors are RestExceptions with the numbers of Twilio', async () => {
  await assert.rejects(client.calls('CA00000000000000000000000000000000').fetch(), { status: 404, code: 20404 })
  await assert.rejects(client.calls.create({ to: 'nobody', from: '+12025550100', url: at('/stay') }), {
    status: 400,
    code: 21211
  })
  await assert.rejects(connect('another-token').calls.list(), { status: 401, code: 20003 })
})

test('pages follow each other', async () => {
  const calls = []
  for (let n = 0; n < 5; n++) {
    calls.push(await client.calls.create({ to: `client:page-${n}`, from: '+12025550111', url: at('/stay') }))
  }
  const page = await client.calls.page({ from: '+12025550111', pageSize: 2 })
  assert.equal(page.instances.length, 2)
  assert.ok(page.nextPageUrl)
  const all = await client.calls.list({ from: '+12025550111', pageSize: 2 })
  assert.deepEqual(all.map((call) => call.sid).sort(), calls.map((call) => call.sid).sort())
  const three = await client.calls.list({ from: '+12025550111', pageSize: 2, limit: 3 })
  assert.equal(three.length, 3)
  await hangUp(...calls)
})

test('two meet in a conference, one is muted, held and put out', async () => {
  const ann = await answered('/meet')
  const conference = await until('the conference can be listed', async () => {
    const found = await client.conferences.list({ friendlyName: 'room-1' })
    return found.find((one) => one.status !== 'completed')
  })
  assert.match(conference.sid, /^CF[0-9a-f]{32}$/)
  const bob = await client.conferences(conference.sid).participants.create({
    from: '+12025550100',
    to: 'client:bob',
    label: 'bob',
    earlyMedia: true,
    endConferenceOnExit: false,
    beep: 'false'
  })
  assert.equal(bob.label, 'bob')
  await until('both are in', async () => {
    const parties = await client.conferences(conference.sid).participants.list()
    return parties.length === 2 && parties.every((party) => party.status === 'connected')
  })
  const room = await client.conferences(conference.sid).fetch()
  assert.deepEqual([room.status, room.friendlyName], ['in-progress', 'room-1'])

  const participant = client.conferences(conference.sid).participants
  assert.equal((await participant(bob.callSid).update({ muted: true })).muted, true)
  assert.equal((await participant('bob').update({ hold: true })).hold, true)
  const fetched = await participant('bob').fetch()
  assert.deepEqual([fetched.callSid, fetched.muted, fetched.hold], [bob.callSid, true, true])
  assert.deepEqual((await participant.list({ hold: true })).map((party) => party.callSid), [bob.callSid])

  assert.equal(await participant('bob').remove(), true)
  await until('one is left', async () => (await participant.list()).length === 1)
  await hangUp(ann)
  await until('the conference is over', async () =>
    (await client.conferences(conference.sid).fetch()).status === 'completed')
  await until('its end is told', () => about('/told').some((r) => r.params.StatusCallbackEvent === 'conference-end'))
  const told = about('/told').map((r) => r.params)
  const numbers = told.map((params) => Number(params.SequenceNumber))
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b))
  assert.equal(told[0].StatusCallbackEvent, 'participant-join')
  assert.equal(told[0].ParticipantLabel, 'ann')
})

test('a conversation is recorded, and the recording fetched and deleted', async () => {
  const call = await answered('/stay')
  const recording = await client.calls(call.sid).recordings.create({ recordingChannels: 'mono' })
  assert.match(recording.sid, /^RE[0-9a-f]{32}$/)
  assert.equal(recording.status, 'in-progress')
  const paused = await client.calls(call.sid).recordings(recording.sid).update({ status: 'paused' })
  assert.equal(paused.status, 'paused')
  await client.calls(call.sid).recordings('Twilio.CURRENT').update({ status: 'stopped' })
  const stopped = await until('the recording is there', async () => {
    const now = await client.recordings(recording.sid).fetch()
    return now.status === 'completed' && now
  })
  assert.equal(stopped.callSid, call.sid)
  assert.ok((await client.recordings.list({ callSid: call.sid })).some((one) => one.sid === recording.sid))
  const media = await fetch(`${carrierUrl}/2010-04-01/Accounts/${accountSid}/Recordings/${recording.sid}.wav`, {
    headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` }
  })
  assert.equal(media.status, 200)
  assert.equal(Buffer.from(await media.arrayBuffer()).subarray(0, 4).toString(), 'RIFF')
  assert.equal(await client.recordings(recording.sid).remove(), true)
  await assert.rejects(client.recordings(recording.sid).fetch(), { status: 404 })
  await hangUp(call)
})

test('somebody waits in a queue and is taken out of it', async () => {
  const queue = await client.queues.create({ friendlyName: 'park-1', maxSize: 10 })
  assert.match(queue.sid, /^QU[0-9a-f]{32}$/)
  const call = await answered('/park', 'client:cleo')
  await until('the member is there', async () => (await client.queues(queue.sid).members.list()).length === 1)
  const member = await client.queues(queue.sid).members('Front').fetch()
  assert.deepEqual([member.callSid, member.position], [call.sid, 1])
  assert.equal((await client.queues(queue.sid).fetch()).currentSize, 1)
  await until('the music is asked for', () => about('/wait', call.sid).length > 0)
  assert.equal(about('/wait', call.sid)[0].params.QueuePosition, '1')
  await assert.rejects(client.queues(queue.sid).remove(), { status: 400 })

  await client.queues(queue.sid).members(call.sid).update({ url: at('/stay'), method: 'POST' })
  await until('the new document is asked for', () => about('/stay', call.sid).length > 0)
  const left = about('/left', call.sid)
  assert.deepEqual(left.map((r) => r.params.QueueResult), ['redirected'])
  await hangUp(call)
  assert.equal((await client.queues(queue.sid).update({ friendlyName: 'park-2' })).friendlyName, 'park-2')
  assert.equal(await client.queues(queue.sid).remove(), true)
  assert.ok(!(await client.queues.list()).some((one) => one.sid === queue.sid))
})

test('a message is sent and delivered', async () => {
  const message = await client.messages.create({
    to: '+12025550177',
    from: '+12025550100',
    body: 'Ihr Rückruf — 5 € 👋',
    statusCallback: at('/message')
  })
  assert.match(message.sid, /^(SM|MM)[0-9a-f]{32}$/)
  await until('it is delivered', async () => (await client.messages(message.sid).fetch()).status === 'delivered')
  assert.equal((await client.messages.list({ to: '+12025550177' }))[0].body, 'Ihr Rückruf — 5 € 👋')
  await until('delivery is told', () => about('/message').some((r) => r.params.MessageStatus === 'delivered'))
})

test('a number is taken, pointed somewhere and given back; calls to it arrive with a signature that holds', async () => {
  const number = await client.incomingPhoneNumbers.create({
    phoneNumber: '+12025550142',
    voiceUrl: at('/ask?line=main&x=%20y'),
    voiceMethod: 'POST'
  })
  assert.match(number.sid, /^PN[0-9a-f]{32}$/)
  assert.deepEqual((await client.incomingPhoneNumbers.list({ phoneNumber: '+12025550142' })).map((n) => n.sid), [
    number.sid
  ])
  const updated = await client.incomingPhoneNumbers(number.sid).update({ statusCallback: at('/ended') })
  assert.equal(updated.statusCallback, at('/ended'))

  const placed = await fetch(`${carrierUrl}/carrier/calls`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
      'content-type': 'application/json'
    },
    body: JSON.stringify({
      from: '+12025550199',
      to: '+12025550142',
      script: [{ press: '7' }, { until_said: 'thank you' }, 'hang_up'],
      params: { CallerName: 'Zoë & Söhne+', FromCity: '' }
    })
  })
  assert.equal(placed.status, 201)
  const { sid } = await placed.json()
  await until('the end is told', () => about('/ended', sid).length === 1)
  const [voice, gather, end] = [about('/ask', sid)[0], about('/answer', sid)[0], about('/ended', sid)[0]]
  for (const request of [voice, gather, end]) {
    const signature = request.headers['x-twilio-signature']
    assert.ok(twilio.validateRequest(authToken, signature, at(request.url), request.params), request.url)
    assert.ok(!twilio.validateRequest('another-token', signature, at(request.url), request.params))
    assert.ok(!twilio.validateRequest(authToken, signature, at(request.url), { ...request.params, To: '+1' }))
  }
  assert.equal(voice.params.Direction, 'inbound')
  assert.equal(gather.params.Digits, '7')
  assert.equal(end.params.CallStatus, 'completed')

  assert.equal(await client.incomingPhoneNumbers(number.sid).remove(), true)
  assert.deepEqual(await client.incomingPhoneNumbers.list({ phoneNumber: '+12025550142' }), [])
})
