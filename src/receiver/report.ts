import type { Alerts, Clock, Log } from '../core/ports.ts'
import type { Facts } from '../core/types.ts'
import { throttleKey } from './address.ts'
import type { Reason } from './reasons.ts'
import { createThrottle } from './throttle.ts'
import type { Answer, RequestCount } from './types.ts'

/** One request, as it is counted and logged: never its secret, body or headers. */
export interface Line {
  readonly answer: Answer
  readonly reason: Reason
  readonly address: string
  readonly facts?: Facts
  readonly error?: Error
}

/** Counts and logs requests, and raises their alerts. */
export interface Report {
  /** Exactly one call per request. */
  request(line: Line): void
  /**
   * For what anybody can cause at will: counted always, but logged only as far as the address is not throttled. Returns
   * whether it was logged; if not, the caller closes the connection and raises no alert.
   */
  stranger(line: Line): boolean
  alert(cause: string, message: string): void
  counts(): readonly RequestCount[]
}

const QUIET = new Set<Reason>(['health'])
const GOOD = new Set<Reason>(['stored', 'probe', 'method', 'not-found', 'draining'])
const BAD = new Set<Reason>(['append-failed', 'not-storable', 'internal'])

/** Makes one. */
export function createReport(options: { readonly clock: Clock; readonly log: Log; readonly alerts: Alerts }): Report {
  const { clock, log, alerts } = options
  const counts = new Map<string, { answer: Answer; reason: Reason; count: number }>()
  const throttle = createThrottle()

  function count({ answer, reason }: Line): void {
    const key = `${answer} ${reason}`
    const found = counts.get(key)
    if (found === undefined) counts.set(key, { answer, reason, count: 1 })
    else found.count += 1
  }

  function write({ answer, reason, address, facts, error }: Line): void {
    const all = { answer, reason, address, ...facts }
    if (QUIET.has(reason)) log.debug('request', all)
    else if (GOOD.has(reason)) log.info('request', all)
    else if (BAD.has(reason)) log.error('request', all, error)
    else log.warn('request', all)
  }

  return {
    request(line) {
      count(line)
      write(line)
    },
    stranger(line) {
      const said = throttle.fail(throttleKey(line.address), clock.monotonic())
      count(said.state === 'silent' ? { ...line, answer: 'closed' } : line)
      if (said.state === 'silent') return false
      write(said.suppressed === 0 ? line : { ...line, facts: { ...line.facts, suppressed: said.suppressed } })
      return true
    },
    alert: (cause, message) => alerts.raise({ cause, subject: 'receiver', message }),
    counts: () => [...counts.values()].map((entry) => ({ ...entry })),
  }
}
