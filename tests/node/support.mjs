// What both tests need: a small HTTP server, patience, and the environment.

import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** A variable that whoever starts the test has to set. */
export function env(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set; cargo test -p calldocker node starts this file`)
  return value
}

/**
 * Listens on a free port of loopback. `answer({ method, path, query, params, headers, url })` returns
 * `{ status, type, body }`, or a text, which is TwiML, or nothing, which is 204.
 */
export async function listen(answer) {
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const at = new URL(request.url, 'http://localhost')
    let made
    try {
      made = await answer({
        method: request.method,
        path: at.pathname,
        query: Object.fromEntries(at.searchParams),
        params: form(Buffer.concat(chunks).toString('utf8')),
        headers: request.headers,
        url: request.url
      })
    } catch (error) {
      made = { status: 500, type: 'text/plain', body: String(error.stack ?? error) }
    }
    if (made === undefined || made === null) made = { status: 204, type: 'text/plain', body: '' }
    if (typeof made === 'string') made = { status: 200, type: 'text/xml', body: made }
    response.writeHead(made.status, { 'content-type': made.type ?? 'application/json' })
    response.end(typeof made.body === 'string' ? made.body : JSON.stringify(made.body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections()
      server.close(resolve)
    })
  }
}

/** A form's fields; one that comes several times is a list, as Twilio's clients repeat them. */
export function form(text) {
  const fields = {}
  for (const [name, value] of new URLSearchParams(text)) {
    if (!(name in fields)) fields[name] = value
    else fields[name] = [].concat(fields[name], value)
  }
  return fields
}

/** Waits until `look` returns something, and returns that. */
export async function until(what, look, seconds = 15) {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`this did not happen within ${seconds} s: ${what}`)
    await sleep(50)
  }
}
