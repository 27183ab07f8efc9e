// A mail server that keeps what it gets: tells of it on standard output, one line of JSON a mail. Started by
// api/tests/it/support/sink.rs, and ends with its standard input.
//
// PORT (0: a free one), CERT and KEY (PEM files; without them there is no STARTTLS), SMTP_LOGIN ("user:password"; without
// it nobody need sign in), SMTP_REFUSE (an address that has no mailbox here)

import { readFileSync } from 'node:fs'
import { SMTPServer } from 'smtp-server'

const { PORT = '0', CERT, KEY, SMTP_LOGIN, SMTP_REFUSE } = process.env
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const refused = (responseCode, message) => Object.assign(new Error(message), { responseCode })

const server = new SMTPServer({
  ...(CERT ? { cert: readFileSync(CERT), key: readFileSync(KEY) } : { hideSTARTTLS: true }),
  authOptional: !SMTP_LOGIN,
  disabledCommands: SMTP_LOGIN ? [] : ['AUTH'],
  onAuth({ username, password }, session, done) {
    if (`${username}:${password}` !== SMTP_LOGIN) return done(refused(535, 'Wrong user or password'))
    done(null, { user: username })
  },
  onRcptTo({ address }, session, done) {
    done(address === SMTP_REFUSE ? refused(550, 'No such mailbox') : null)
  },
  onData(stream, session, done) {
    const chunks = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => {
      tell({
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map(({ address }) => address),
        secure: session.secure,
        user: session.user ?? null,
        raw: Buffer.concat(chunks).toString('base64')
      })
      done()
    })
  }
})

// A handshake that fails is the client's affair, and must not end the server.
server.on('error', (error) => process.stderr.write(`${error.message}\n`))
process.stdin.on('end', () => process.exit(0)).resume()
server.listen(Number(PORT), '127.0.0.1', () => tell({ port: server.server.address().port }))
