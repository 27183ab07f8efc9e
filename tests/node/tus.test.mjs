// node tus.test.mjs BASE_URL TOKEN: uploads by the official tus client, over a line that is cut in between. Started by
// api/tests/it/routes/media_uploads.rs, which owns the server.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect, createServer } from 'node:net'
import * as tus from 'tus-js-client'

const [url, token] = process.argv.slice(2)
const headers = { authorization: `Bearer ${token}` }

/** A line to the server that is cut once `limit` bytes have gone up; the next connections hold. */
async function line(limit) {
  const target = new URL(url)
  const state = { cuts: 0, up: 0 }
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    client.on('data', (chunk) => {
      state.up += chunk.length
      upstream.write(chunk)
      if (state.cuts === 0 && state.up > limit) {
        state.cuts += 1
        client.destroy()
        upstream.end()
      }
    })
    upstream.on('data', (chunk) => client.write(chunk))
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.end())
    upstream.on('close', () => client.end())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { state, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** Uploads, and resolves with the client; rejects when it gives up. */
function upload(file, options) {
  return new Promise((resolve, reject) => {
    const one = new tus.Upload(file, {
      headers,
      retryDelays: [1000, 1000, 1000],
      onError: reject,
      onSuccess: () => resolve(one),
      ...options
    })
    one.start()
  })
}

async function show(id) {
  const answer = await fetch(`${url}/api/media/${id}`, { headers })
  return { status: answer.status, ...(await answer.json()) }
}

const idOf = (one) => one.url.split('/').at(-1)

// A text of 6 MiB.
const file = Buffer.from(Array.from({ length: 6 * 1024 * 1024 / 16 }, (_, n) => `${String(n).padStart(15, '0')}\n`).join(''))
const hash = createHash('sha256').update(file).digest('hex')

const cut = await line(2_000_000)
const whole = await upload(file, { endpoint: `${cut.url}/api/media/uploads`, metadata: { filename: 'Zahlen für Zoë.txt', filetype: 'text/plain' } })
assert.equal(cut.state.cuts, 1, 'the line was cut')
const { data } = await show(idOf(whole))
assert.deepEqual([data.state, data.sizeBytes, data.sha256, data.name], ['ready', file.length, hash, 'Zahlen für Zoë.txt'])
assert.ok(cut.state.up < file.length * 1.3, `it went on and did not begin anew: ${cut.state.up} bytes went up`)
cut.close()
console.log('ok: a lost connection')

const chunked = await upload(file, { endpoint: `${url}/api/media/uploads`, chunkSize: 1_000_000, metadata: { filename: 'b.txt' } })
assert.equal((await show(idOf(chunked))).data.sha256, hash)
console.log('ok: in pieces of the client\'s')

await assert.rejects(
  upload(Buffer.concat([Buffer.from('<html>'), file]), { endpoint: `${url}/api/media/uploads` }),
  (error) => error.originalResponse.getStatus() === 422
)
console.log('ok: a page is refused, and not tried again')

const ended = new tus.Upload(file, { endpoint: `${url}/api/media/uploads`, headers, chunkSize: 1_000_000, retryDelays: null })
await new Promise((resolve, reject) => {
  ended.options.onChunkComplete = () => ended.abort(true).then(resolve, reject)
  ended.options.onError = reject
  ended.start()
})
assert.equal((await show(idOf(ended))).status, 404)
console.log('ok: given up')
process.exit(0)
