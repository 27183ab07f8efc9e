// A client of calls among colleagues as document 002 has them, as small as it can be: a camera, a microphone, a screen.
// browser.test.mjs drives it.

const show = (stream, name) => {
  const id = `stream-${stream.id}`
  if (document.getElementById(id)) return
  const video = Object.assign(document.createElement('video'), { id, autoplay: true, muted: true, playsInline: true, title: name })
  video.srcObject = stream
  document.getElementById('screens').append(video)
}

class Phone {
  /** `relay` is the port at which the only relay is reached, where nothing may go straight to the other one. */
  constructor({ url, token, name, relay }) {
    Object.assign(this, { relay, callId: null, told: [], early: [], connections: 0 })
    // A screen on which nothing changes is sent as one picture.
    let shown = 0
    setInterval(() => { document.getElementById('who').textContent = `${name} ${shown++}` }, 200)
    this.socket = io(url, { auth: { token, dialect: '002' }, transports: ['websocket'], reconnectionDelay: 300, reconnectionDelayMax: 300 })
    this.socket.onAny((event, payload) => this.told.push({ event, payload }))
    this.socket.on('connect', () => { this.connections++ })
    this.socket.on('snapshot', ({ peerCall }) => this.comeBack(peerCall))
    this.socket.on('call:incoming', (call) => this.answer(call))
    this.socket.on('call:answered', ({ answer }) => this.take(answer))
    this.socket.on('call:renegotiate', ({ description }) => this.take(description))
    this.socket.on('call:ice-candidate', ({ candidate }) => this.candidate(candidate))
  }

  async ask(event, payload) {
    const answer = await this.socket.timeout(10_000).emitWithAck(event, payload)
    if (!answer.success) throw new Error(`${event}: ${answer.code} ${answer.message}`)
    return answer.data
  }

  async open() {
    this.peer = new RTCPeerConnection()
    this.peer.onicecandidate = ({ candidate }) => {
      // Some are found when the call is over, or while nothing can be said: the next offer has those.
      if (candidate) this.ask('call:ice-candidate', { callId: this.callId, candidate: candidate.toJSON() }).catch(() => {})
    }
    this.peer.ontrack = ({ streams: [stream] }) => show(stream, 'theirs')
    const video = { width: 160, height: 120, frameRate: 5 }
    const own = await navigator.mediaDevices.getUserMedia({ audio: true, video })
    show(own, 'own')
    for (const track of own.getTracks()) this.peer.addTrack(track, own)
  }

  /** Candidates are gathered from here on, since it is known now by which servers and for which call. */
  async begin({ callId, iceServers }, description) {
    this.callId = callId
    this.iceServers = iceServers
    const over = (url) => url.replace(/:\d+(?=\?)/, `:${this.relay}`)
    this.peer.setConfiguration(this.relay
      ? { iceServers: iceServers.map((one) => ({ ...one, urls: [one.urls].flat().map(over) })), iceTransportPolicy: 'relay' }
      : { iceServers })
    await this.peer.setLocalDescription(description)
  }

  async call(receiverId) {
    await this.open()
    const offer = await this.peer.createOffer()
    await this.begin(await this.ask('call:initiate', { receiverId, callType: 'video', offer }), offer)
  }

  async answer({ callId, offer }) {
    await this.open()
    await this.peer.setRemoteDescription(offer)
    await this.addEarly()
    const answer = await this.peer.createAnswer()
    await this.begin(await this.ask('call:answer', { callId, answer }), answer)
  }

  /** An answer, or a new offer, which is answered. */
  async take(description) {
    await this.peer.setRemoteDescription(description)
    await this.addEarly()
    if (description.type === 'offer') {
      await this.peer.setLocalDescription()
      await this.ask('call:renegotiate', { callId: this.callId, description: this.peer.localDescription })
    }
  }

  async candidate(candidate) {
    if (this.peer?.remoteDescription) await this.peer.addIceCandidate(candidate)
    else this.early.push(candidate)
  }

  async addEarly() {
    for (const candidate of this.early.splice(0)) await this.peer.addIceCandidate(candidate)
  }

  async renegotiate(options) {
    await this.peer.setLocalDescription(await this.peer.createOffer(options))
    await this.ask('call:renegotiate', { callId: this.callId, description: this.peer.localDescription })
  }

  /** The socket is in again: what was under way goes on, and the media look for a new way. */
  async comeBack(peerCall) {
    if (!this.peer || peerCall?.callId !== this.callId) return
    await this.renegotiate({ iceRestart: true })
  }

  async shareScreen() {
    const screen = await navigator.mediaDevices.getDisplayMedia({ video: { width: 320, frameRate: 5 }, preferCurrentTab: true })
    for (const track of screen.getTracks()) this.peer.addTrack(track, screen)
    await this.renegotiate()
    await this.ask('call:media', { callId: this.callId, audio: true, video: true, screen: true })
  }

  /** What has arrived: bytes of sound, pictures of each film by its track, and the way it took. */
  async arrived() {
    const reports = [...(await this.peer.getStats()).values()]
    const inbound = reports.filter((one) => one.type === 'inbound-rtp')
    const transport = reports.find((one) => one.type === 'transport')
    const pair = reports.find((one) => one.id === transport?.selectedCandidatePairId)
    const kind = (id) => reports.find((one) => one.id === id)?.candidateType
    return {
      state: this.peer.connectionState,
      sound: inbound.filter((one) => one.kind === 'audio').reduce((sum, one) => sum + one.bytesReceived, 0),
      films: Object.fromEntries(inbound.filter((one) => one.kind === 'video').map((one) => [one.trackIdentifier, one.framesDecoded ?? 0])),
      pair: pair && [kind(pair.localCandidateId), kind(pair.remoteCandidateId)],
    }
  }
}
