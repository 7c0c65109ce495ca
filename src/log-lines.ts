/** A line of the log, already free of secrets and addresses. */
export interface LogLine {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly level: string
  readonly event: string
  readonly facts: Readonly<Record<string, string | number | boolean | null>>
  readonly error?: ErrorFacts
}

/** An error as a log shows it. */
export interface ErrorFacts {
  readonly name: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly cause?: ErrorFacts
}

/** `{ time, level, event, ...facts, error? }` and a line feed. Facts that bear a name of the frame get an underscore. */
export function formatJsonLine({ time, level, event, facts, error }: LogLine): string {
  const named = Object.entries(facts).map(([key, value]) => [FRAME.has(key) ? `${key}_` : key, value])
  return `${JSON.stringify({ time, level, event, ...Object.fromEntries(named), ...(error && { error }) })}\n`
}

/**
 * Time, level, event, then `key=value`. An error's message stands in the line; its stack below it for errors that are not
 * ours (without a code: most likely a bug), or for all with `stacks`.
 */
export function formatPrettyLine(line: LogLine, { colors, stacks }: { colors: boolean; stacks: boolean }): string {
  const paint = (code: number, text: string) => (colors ? `\u001B[${code}m${text}\u001B[0m` : text)
  const facts = Object.entries(line.facts).map(([key, value]) => paint(2, `${key}=`) + quote(String(value)))
  const text = [
    paint(2, line.time.slice(11, 23)),
    paint(LEVEL_COLOR[line.level] ?? 0, line.level.padEnd(5)),
    plain(line.event),
    ...facts,
  ]
  const stack: string[] = []
  for (let error = line.error; error !== undefined; error = error.cause) {
    text.push(paint(2, error === line.error ? 'error=' : 'cause=') + quote(error.message))
    if (error.code !== undefined) text.push(paint(2, 'code=') + quote(error.code))
    if (error.stack !== undefined && (stacks || error.code === undefined)) {
      stack.push(...error.stack.split('\n').map((row) => paint(2, `    ${plain(row.trim())}`)))
    }
  }
  return `${[text.join(' '), ...stack].join('\n')}\n`
}

const FRAME = new Set(['time', 'level', 'event', 'error'])
const LEVEL_COLOR: Readonly<Record<string, number>> = { debug: 2, info: 36, warn: 33, error: 31 }
// oxlint-disable-next-line no-control-regex -- control characters from outside must not reach a terminal
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g

function plain(text: string): string {
  return text.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function quote(text: string): string {
  return text === '' || /[\s"=\\]/.test(text) ? plain(JSON.stringify(text)) : plain(text)
}
