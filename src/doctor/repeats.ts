/** Notes how Bevy repeats what was not answered 200, and runs the guided probe. */

import {
  beginAgain,
  noEvidence,
  noteRefused,
  noteSilence,
  noteTaken,
  settle,
  type Evidence,
} from '../core/bevy/evidence.ts'
import { inferRule, type RuleReport } from '../core/bevy/infer.ts'
import { answered, createProbe, type Probe, type ProbeAnswer, type ProbeReport } from '../core/bevy/probe.ts'
import type { ProbeInput } from '../core/doctor/report.ts'
import { BridgeError } from '../core/errors.ts'
import type { Clock, Log, Store } from '../core/ports.ts'
import type { IndexedDelivery } from '../core/types.ts'
import { keys, readRepeats, toRepeatsDocument } from './documents.ts'
import { createKeeper } from './keeper.ts'
import { recordsOf, toSeen, type RawBody } from './records.ts'

/** A delivery of Bevy's that was not answered 200. */
export interface RefusedDelivery {
  readonly answer: 'close' | number
  /** Milliseconds since it came. */
  readonly took: number
  /** Absent where it was not read. */
  readonly body?: RawBody | undefined
}

export interface Repeats {
  /** Never throws. */
  refused(delivery: RefusedDelivery): void
  /** What a delivery that is stored is answered with in place of 200; undefined but for a probe. */
  instead(body: () => RawBody): ProbeAnswer | undefined
  /** Indexed deliveries are wanted: something waits for its repeat. */
  readonly waits: boolean
  look(delivery: IndexedDelivery): void
  report(): RuleReport
  /** Rejects with `ERR_PROBE_ON` while one is on. */
  startProbe(input: ProbeInput): ProbeReport
  endProbe(): ProbeReport | undefined
  /** The one that is on, or the last of this life. */
  probe(): ProbeReport | undefined
  close(): Promise<void>
}

const KEEP = 2_000
const LOOK = 5_000
const SETTLE = 10 * 60_000

/** Opens what was seen before. */
export async function openRepeats(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}): Promise<Repeats> {
  const { store, clock, log } = deps
  const startedAt = clock.now()
  const started = clock.monotonic()
  // A wall clock that is set meanwhile must not stretch a wait.
  const now = (): number => Math.round(startedAt + clock.monotonic() - started)
  const seen: Evidence = (await readRepeats(store, log)) ?? noEvidence(now())
  beginAgain(seen, now())
  const keeper = createKeeper({ ...deps, key: keys.repeats, wait: KEEP, value: () => toRepeatsDocument(seen) })
  let probe: Probe | undefined
  /** A probe of a simulation leaves nothing behind. */
  let kept = true
  let cancelLook = (): void => {}

  function settleLater(): () => void {
    return clock.timer(SETTLE, () => {
      if (settle(seen, now())) keeper.changed()
      cancelSettle = settleLater()
    })
  }
  let cancelSettle = settleLater()

  const isOn = (): boolean => probe !== undefined && probe.report().end === undefined

  /** Looks whether its time is over. */
  function look(): void {
    if (probe === undefined || !isOn()) return
    probe.look(now())
    if (isOn()) return
    ended()
    if (probe.report().end !== 'silence' || probe.key === undefined || !kept) return
    noteSilence(seen, probe.key, now())
    keeper.changed()
  }

  function ended(): void {
    cancelLook()
    log.info('probe ended', { end: probe?.report().end })
  }

  function lookEvery(wait: number): void {
    cancelLook = clock.timer(wait, () => {
      look()
      if (isOn()) lookEvery(wait)
    })
  }

  return {
    refused({ answer, took, body }) {
      const at = now()
      if (body?.simulated === true) return
      const records = body === undefined ? [] : recordsOf(body)
      noteRefused(seen, { records, ...answered(answer), came: at - took, at })
      keeper.changed()
    },
    instead(given) {
      if (probe === undefined || !isOn()) return undefined
      const body = given()
      const at = now()
      const records = recordsOf(body)
      const answer = probe.answer(records, at)
      if (answer === undefined) return undefined
      if (body.simulated) kept = false
      const record = records.find(({ key }) => key === probe?.key)
      if (kept && record !== undefined) {
        if (answer === 200) noteTaken(seen, [record], at)
        else noteRefused(seen, { records: [record], ...answered(answer), came: at, at, probe: true })
        keeper.changed()
      }
      log.info('probe', { record: record?.name, answer })
      if (answer !== 200) return answer
      ended()
      return undefined
    },
    get waits() {
      return seen.trails.length > 0
    },
    look({ records, late }) {
      if (late === true || seen.trails.length === 0) return
      const before = seen.trails.length
      const probed = isOn() ? probe?.key : undefined
      const others = records.map(({ key, hash }) => toSeen(key, hash)).filter(({ key }) => key !== probed)
      noteTaken(seen, others, now())
      if (seen.trails.length !== before) keeper.changed()
    },
    report: () => inferRule(seen),
    startProbe({ plan, speed = 1 }) {
      if (isOn()) {
        throw new BridgeError(
          'config',
          'ERR_PROBE_ON',
          'a probe is on already; `bevy-bridge doctor --end-probe` ends it',
        )
      }
      probe = createProbe({ plan, speed, now: now() })
      kept = speed === 1
      log.warn('probe begun: deliveries of one record are stored, and not answered 200', { plan })
      lookEvery(Math.max(20, LOOK / speed))
      return probe.report()
    },
    endProbe() {
      if (probe !== undefined && isOn()) {
        probe.cancel()
        ended()
      }
      return probe?.report()
    },
    probe() {
      look()
      return probe?.report()
    },
    async close() {
      cancelLook()
      cancelSettle()
      await keeper.close()
    },
  }
}
