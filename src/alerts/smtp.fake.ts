/** A real SMTP server in this process (npm `smtp-server`), with a log-in and a mailbox. */

import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface FakeMail {
  readonly from: string
  readonly to: readonly string[]
  /** Header lines and body as they came. */
  readonly source: string
  /** A header's value, folded lines joined. */
  header(name: string): string | undefined
  /** The whole body, decoded. */
  body(): string
}

export interface FakeSmtp extends AsyncDisposable {
  readonly port: number
  readonly mails: readonly FakeMail[]
  /** Refuses the next mails at this point, with this answer. */
  readonly refusals: { at: 'login' | 'recipient' | 'data'; code: number }[]
}

/** Starts one without TLS; with a user only those who log in may send. */
export async function startFakeSmtp(user?: { readonly name: string; readonly password: string }): Promise<FakeSmtp> {
  const mails: FakeMail[] = []
  const refusals: FakeSmtp['refusals'] = []
  const refusal = (at: string): Error | undefined => {
    if (refusals[0]?.at !== at) return undefined
    const { code } = refusals.shift() as { code: number }
    return Object.assign(new Error(`no, keeper@example.org`), { responseCode: code })
  }
  const server = new SMTPServer({
    authOptional: user === undefined,
    disabledCommands: user === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      const wrong = refusal('login')
      if (wrong !== undefined) return done(wrong)
      if (username === user?.name && password === user?.password) return done(null, { user: username })
      done(Object.assign(new Error('no'), { responseCode: 535 }))
    },
    onRcptTo(_address, _session, done) {
      done(refusal('recipient') ?? null)
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const wrong = refusal('data')
        if (wrong !== undefined) return done(wrong)
        const { mailFrom, rcptTo } = envelope
        const from = mailFrom === false ? '' : mailFrom.address
        mails.push(
          toMail(
            from,
            rcptTo.map(({ address }) => address),
            Buffer.concat(chunks).toString('utf8'),
          ),
        )
        done(null)
      })
    },
  })
  // A client that goes away is its own matter.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refusals,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function toMail(from: string, to: readonly string[], source: string): FakeMail {
  const [head = '', ...rest] = source.split('\r\n\r\n')
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const header = (name: string): string | undefined => {
    const found = lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    return found?.slice(name.length + 2)
  }
  return {
    from,
    to,
    source,
    header,
    body() {
      const text = rest.join('\r\n\r\n')
      if (header('content-transfer-encoding') === 'base64') return Buffer.from(text, 'base64').toString('utf8')
      if (header('content-transfer-encoding') !== 'quoted-printable') return text
      const bytes = text
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      return Buffer.from(bytes, 'latin1').toString('utf8')
    },
  }
}
