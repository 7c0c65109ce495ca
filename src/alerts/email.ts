import type { Transporter } from 'nodemailer'
import { plainText, subjectLine, type AlertMessage } from '../core/alerts/text.ts'
import { coerceError, DestinationError } from '../core/errors.ts'
import { delivered, reject, retry, type Outcome } from '../core/plugin-contract.ts'
import type { ChannelSettings } from '../core/settings.ts'
import type { Channel, ChannelDeps } from './channel.ts'

type EmailSettings = Extract<ChannelSettings, { kind: 'email' }>

/** Milliseconds for each step of a conversation with a mail server. */
const TIMEOUT = 15_000

/** Sends mail over SMTP with nodemailer, which is loaded only now. Raise, reminders and the end of a trouble are one thread. */
export function createEmailChannel(settings: EmailSettings, { http, storeId }: ChannelDeps): Channel {
  let transport: Promise<Transporter> | undefined
  return {
    async send(message, signal) {
      transport ??= connect(settings)
      const mailer = await transport.catch((error: unknown) => {
        transport = undefined
        throw error
      })
      signal.throwIfAborted()
      try {
        await mailer.sendMail(toMail(message, settings, storeId))
        return delivered()
      } catch (error) {
        return failureOf(coerceError(error))
      }
    },
    async close() {
      await transport?.then((mailer) => mailer.close()).catch(() => {})
      await http.close()
    },
  }
}

async function connect({ smtp }: EmailSettings): Promise<Transporter> {
  const { host, port, tls, user, password } = smtp
  const { createTransport } = await import('nodemailer').catch((cause: unknown) => {
    const message = 'e-mail needs the package nodemailer: npm install nodemailer'
    throw new DestinationError(message, { code: 'ERR_ALERT_NODEMAILER', cause })
  })
  return createTransport({
    host,
    port,
    secure: tls === 'always',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'never',
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
    // Nothing of a message may make it read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

/** The mail of a message. */
export function toMail(message: AlertMessage, { from, to }: Pick<EmailSettings, 'from' | 'to'>, storeId: string) {
  const idOf = (id: string): string => `<${id}@${storeId}.bevy-bridge.invalid>`
  const first = message.id === message.thread
  return {
    from,
    to: [...to],
    subject: `[bevy-bridge] ${subjectLine(message)}`,
    text: plainText(message),
    messageId: idOf(message.id),
    ...(first ? {} : { inReplyTo: idOf(message.thread), references: [idOf(message.thread)] }),
    // Nobody's holiday is an answer (https://www.rfc-editor.org/rfc/rfc3834#section-5).
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}

/** What nodemailer reports: `code` says where it failed, `responseCode` what the server answered. */
function failureOf(error: Error): Outcome {
  const { code = '', responseCode = 0 } = error as { code?: string; responseCode?: number }
  // The server's own words may quote an address.
  const answered = responseCode === 0 ? 'gave no answer' : `answered ${responseCode}`
  const reason = `the mail server ${answered}${code === '' ? '' : ` (${code})`}`
  if (responseCode < 500) return retry({ reason })
  // Refused for what it says, not for who sends it or to whom.
  if (code === 'EMESSAGE') return reject(reason)
  throw new DestinationError(reason, { code: 'ERR_ALERT_MAIL', cause: error })
}
