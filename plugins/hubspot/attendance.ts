import { type Job, type JsonObject, parseInstant } from '../../src/plugin.ts'
import { type AttendanceState, type Ref, type SentAttendance } from './ref.ts'

/** One thing a person did about an event. */
export interface Step {
  readonly state: AttendanceState
  /** `interactionDateTime`, milliseconds since 1970. The same on every attempt: HubSpot knows a repeat by it. */
  readonly at: number
  /** When the person came, where Bevy tells. */
  readonly joinedAt?: string
}

/** What is to be sent of an attendee, in order, and what is kept when it was. */
export interface Steps {
  readonly steps: readonly Step[]
  readonly sent?: SentAttendance | undefined
  /** Why there is nothing to send. */
  readonly nothing?: string
}

const STATES: Readonly<Record<string, AttendanceState>> = {
  registered: 'register',
  'checked-in': 'attend',
  deleted: 'cancel',
}
const DATES: Readonly<Record<AttendanceState, string>> = {
  register: 'created_date',
  attend: 'checkin_date',
  cancel: 'deleted_date',
}

/**
 * What HubSpot has to be told, given what it was told last. The dates are the record's own, but always after the last one sent: a
 * person who cancels and registers again has the old date of registration, and would be taken for a repeat. Who is seen first as
 * checked in or canceled is registered first. A check-in undone cannot be undone in HubSpot.
 *
 * @param who mark of the address, so that a new address is registered anew
 */
export function toSteps(job: Job, event: string, who: string, { attendance }: Ref): Steps {
  const last = attendance?.event === event && attendance.who === who ? attendance : undefined
  const status = String(job.data.status ?? '')
    .trim()
    .toLowerCase()
  const wanted = job.left ? 'cancel' : Object.hasOwn(STATES, status) ? STATES[status] : undefined
  if (wanted === undefined) return { steps: [], sent: last, nothing: 'HubSpot has no state for this status' }
  if (job.left && last === undefined) return { steps: [], nothing: 'it left before its attendance was sent' }
  if (last?.state === wanted) {
    if (!job.replay) return { steps: [], sent: last, nothing: 'HubSpot has this attendance already' }
    return { steps: [toStep(job, wanted, last.at)], sent: last }
  }
  if (last?.state === 'attend' && wanted === 'register') {
    return { steps: [], sent: last, nothing: 'a check-in cannot be undone in HubSpot' }
  }
  const wasOut = last === undefined || last.state === 'cancel'
  const isFirstRegistered = wanted !== 'register' && wasOut && ownDate(job.data, 'register') !== undefined
  let floor = last === undefined ? 0 : last.at + 1
  const steps = (isFirstRegistered ? ['register' as const, wanted] : [wanted]).map((state) => {
    const at = Math.max(job.left ? job.receivedAt : (ownDate(job.data, state) ?? job.receivedAt), floor)
    floor = at + 1
    return toStep(job, state, at)
  })
  return { steps, sent: { event, state: wanted, at: floor - 1, who } }
}

function toStep({ data }: Job, state: AttendanceState, at: number): Step {
  const joined = state === 'attend' ? ownDate(data, state) : undefined
  return joined === undefined ? { state, at } : { state, at, joinedAt: new Date(joined).toISOString() }
}

function ownDate(data: JsonObject, state: AttendanceState): number | undefined {
  const instant = parseInstant(data[DATES[state]])
  return instant === undefined ? undefined : Math.max(0, Math.floor(instant.micros / 1000))
}
