import { createConsola } from 'consola/core'
import { maskEmails } from './core/mask-emails.ts'
import { redact } from './core/redact.ts'
import type { Log } from './core/ports.ts'
import type { Facts } from './core/types.ts'
import { formatJsonLine, formatPrettyLine, type LogLine } from './log-lines.ts'

/** From the most to the least talkative. `silent` writes nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
/** One of them. */
export type LogLevel = (typeof LOG_LEVELS)[number]
/** `auto`: pretty on a terminal, else JSON. */
export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const
/** One of them. */
export type LogFormat = (typeof LOG_FORMATS)[number]

/** How a log is made. */
export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel
  /** Default `auto`. */
  readonly format?: LogFormat
  /** Where lines go. */
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean }
  /** Values that must never be printed; asked for at every line, since a reload may change them. */
  readonly secrets: () => readonly string[]
}

/** Longest text of one fact or message; what is longer is cut after redaction. */
const MAX_TEXT = 4_000
const MAX_CAUSES = 5
const CONSOLA_LEVEL = { debug: 4, info: 3, warn: 1, error: 0, silent: -999 } as const

/**
 * The log of the whole process: one line per event, pretty or JSON. No line carries a secret of `secrets()` or what looks
 * like an e-mail address, whatever it was given.
 */
export function createLog({ level = 'info', format = 'auto', stream, secrets }: LogOptions): Log {
  const pretty = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  const colors = pretty && stream.isTTY === true && !process.env['NO_COLOR']
  // Kept while its values stay the same: what each looks like in other encodings is worked out once per list.
  let known: readonly string[] = []
  const secretsNow = (): readonly string[] => {
    const values = secrets()
    const same = values.length === known.length && values.every((value, index) => value === known[index])
    return same ? known : (known = [...values])
  }
  const clean = (text: string): string => {
    // Cut only after the secrets are out, or half of one would be left; some slack, so that no address is cut in half.
    const safe = redact(text, secretsNow()).slice(0, MAX_TEXT + 400)
    const masked = maskEmails(safe)
    return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked
  }
  const consola = createConsola({
    level: CONSOLA_LEVEL[level],
    // consola folds equal lines together; every request and attempt has a line of its own.
    throttle: -Infinity,
    reporters: [
      {
        log({ type, date, args }) {
          const line = toLine(type, date, args as [string, Facts | undefined, unknown], clean)
          stream.write(pretty ? formatPrettyLine(line, { colors, stacks: level === 'debug' }) : formatJsonLine(line))
        },
      },
    ],
  })
  return {
    debug: (event, facts) => void consola.debug(event, facts, undefined),
    info: (event, facts) => void consola.info(event, facts, undefined),
    warn: (event, facts) => void consola.warn(event, facts, undefined),
    error: (event, facts, error) => void consola.error(event, facts, error),
  }
}

/** Level and format from `BEVY_BRIDGE_LOG_LEVEL` and `BEVY_BRIDGE_LOG_FORMAT`; what is unknown there is left out. */
export function logOptionsFrom(env: Readonly<Record<string, string | undefined>>): {
  level?: LogLevel
  format?: LogFormat
} {
  const level = LOG_LEVELS.find((name) => name === env['BEVY_BRIDGE_LOG_LEVEL'])
  const format = LOG_FORMATS.find((name) => name === env['BEVY_BRIDGE_LOG_FORMAT'])
  return { ...(level && { level }), ...(format && { format }) }
}

function toLine(
  level: string,
  date: Date,
  [event, facts, error]: [string, Facts | undefined, unknown],
  clean: (text: string) => string,
): LogLine {
  const safe: Record<string, string | number | boolean | null> = {}
  for (const [key, value] of Object.entries(facts ?? {})) {
    if (value !== undefined) safe[key] = typeof value === 'string' ? clean(value) : value
  }
  return {
    time: date.toISOString(),
    level,
    event: clean(event),
    facts: safe,
    ...(error !== undefined && { error: toErrorFacts(error, clean, MAX_CAUSES) }),
  }
}

function toErrorFacts(thrown: unknown, clean: (text: string) => string, depth: number): NonNullable<LogLine['error']> {
  if (!(thrown instanceof Error)) return { name: 'Error', message: clean(String(thrown)) }
  const { code } = thrown as { code?: unknown }
  return {
    name: clean(thrown.name),
    ...((typeof code === 'string' || typeof code === 'number') && { code: clean(String(code)) }),
    message: clean(thrown.message || messagesOf(thrown)),
    ...(thrown.stack !== undefined && { stack: clean(thrown.stack) }),
    ...(thrown.cause !== undefined && depth > 1 && { cause: toErrorFacts(thrown.cause, clean, depth - 1) }),
  }
}

/** Node's connect errors are AggregateErrors without a message of their own. */
function messagesOf(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return inner.map((one) => (one instanceof Error ? one.message : String(one))).join('; ')
}
