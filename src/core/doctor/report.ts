/** What `doctor` reports. Plain JSON; times are milliseconds since 1970, durations milliseconds. No person's data, no secret. */

import type { RuleReport } from '../bevy/infer.ts'
import type { ProbePlan, ProbeReport } from '../bevy/probe.ts'
import type { UnseenField } from '../expressions/unseen.ts'
import type { TypeFields } from '../records/fields.ts'

/** A secret that is accepted: its place, a short fingerprint that tells it from others, and when it was last used. */
export interface SecretUse {
  /** From 1, as in `receiver.secrets`; empty ones left out. */
  readonly place: number
  readonly fingerprint: string
  /** Since when its use is noted. */
  readonly since: number
  /** Absent: never since then. */
  readonly last?: number | undefined
}

/** Something to look at, with the command or setting that mends it. */
export interface Finding {
  /** `bad`: something does not work, or deliveries may be lost; `odd`: it works, but should be looked at. */
  readonly severity: 'bad' | 'odd'
  /** `destination crm`, `disk` */
  readonly about: string
  readonly what: string
  readonly mend: string
}

/** How the machine's clock looks. */
export interface ClockFacts {
  readonly now: number
  /** The newest delivery was received then. */
  readonly newest?: number | undefined
  /** Changes of events lay so far ahead of their receipt. */
  readonly behind?: number | undefined
  /** Since the start, the clock moved by so much more or less than time passed. Absent when nothing runs. */
  readonly jumped?: number | undefined
}

/** The whole report. */
export interface DoctorReport {
  readonly state: 'running' | 'offline'
  readonly version: string
  readonly runtime: string
  /** Tells the config in force from another. */
  readonly config: string
  readonly rule: RuleReport
  /** The guided probe that is on, or the last one of this life. */
  readonly probe?: ProbeReport | undefined
  readonly secrets: readonly SecretUse[]
  readonly unseen: readonly UnseenField[]
  /** One line each. */
  readonly destinations: readonly { readonly name: string; readonly state: string; readonly line: string }[]
  readonly disk: { readonly free?: number | undefined; readonly minFree: number }
  readonly clock: ClockFacts
  readonly alerts: { readonly channels: readonly string[]; readonly heartbeat: boolean }
  readonly findings: readonly Finding[]
}

/** How a probe is begun. */
export interface ProbeInput {
  readonly plan: ProbePlan
  /** Bevy is a simulation that runs so many times faster; default 1. Such a probe is not kept. */
  readonly speed?: number | undefined
}

type Nothing = Readonly<Record<string, never>>

/** Questions of `doctor` and `check`. */
export interface DoctorQueries {
  /** What should be looked at, and what this Bevy seems to do. */
  doctor(input: Nothing): Promise<DoctorReport>
  /** Which fields were ever seen, by type. */
  seenFields(input: Nothing): Promise<readonly TypeFields[]>
  /** The guided probe that is on, or the last one since the start. */
  probe(input: Nothing): Promise<ProbeReport | undefined>
}

/** What `doctor --probe` does. */
export interface DoctorActions {
  /** Begins a guided probe of a test instance of Bevy. Rejects with `ERR_PROBE_ON`, `ERR_PROBE_OFFLINE`. */
  startProbe(input: ProbeInput): Promise<ProbeReport>
  /** Ends it; undefined when there was none. */
  endProbe(input: Nothing): Promise<ProbeReport | undefined>
}
