import type { Job } from '../../src/plugin.ts'
import type { Schemas } from './api.ts'
import type { Step } from './attendance.ts'
import type { HubSpotOptions } from './options.ts'
import { type PartResult, type Result, sendInParts } from './parts.ts'
import type { AttendanceState } from './ref.ts'
import { refusal, type Session } from './session.ts'
import { MAX_INPUTS } from './write-objects.ts'
import type { EventWriter } from './write-events.ts'

/** What is to be told of one attendee. */
export interface AttendancePlan {
  readonly job: Job
  readonly event: string
  readonly email: string
  readonly steps: readonly Step[]
  /** Used by HubSpot only for a contact it does not have. */
  readonly contactProperties: Readonly<Record<string, string>>
}

/** One input: a person, for one attendee record or several of the same person. */
export interface AttendanceInput {
  readonly event: string
  readonly state: AttendanceState
  readonly body: Schemas['Attendances']['inputs'][number]
  readonly plans: readonly AttendancePlan[]
}

/** A person may register before coming, never after. */
const ORDER: readonly AttendanceState[] = ['register', 'attend', 'cancel']

/** Inputs of the plans that have got to the state, by event; a person stands once in each. */
export function toInputs(plans: readonly AttendancePlan[], state: AttendanceState): AttendanceInput[] {
  const inputs = new Map<string, AttendanceInput>()
  for (const plan of plans) {
    const step = plan.steps.find((candidate) => candidate.state === state)
    if (step === undefined) continue
    const { event, email, contactProperties } = plan
    const body = {
      email,
      interactionDateTime: step.at,
      ...(step.joinedAt === undefined ? {} : { properties: { joinedAt: step.joinedAt } }),
      ...(Object.keys(contactProperties).length === 0 ? {} : { contactProperties }),
    }
    const key = JSON.stringify([event, email])
    const older = inputs.get(key)
    const isNewer = older === undefined || older.body.interactionDateTime <= step.at
    inputs.set(key, { event, state, body: isNewer ? body : older.body, plans: [...(older?.plans ?? []), plan] })
  }
  return [...inputs.values()]
}

/** Tells HubSpot step by step; a person whose step failed takes no further one. The value is HubSpot's id of the contact. */
export async function writeAttendance(
  session: Session,
  options: HubSpotOptions,
  events: EventWriter,
  plans: readonly AttendancePlan[],
): Promise<Map<AttendancePlan, Result<{ contact?: string | undefined }>>> {
  const results = new Map<AttendancePlan, Result<{ contact?: string | undefined }>>()
  const byEvent = new Map(plans.map(({ event, job }) => [event, job]))
  for (const [event, made] of await events.ensure(session, byEvent)) {
    if (made.state === 'failed') for (const plan of plans) if (plan.event === event) results.set(plan, made)
  }
  for (const state of ORDER) {
    const going = plans.filter((plan) => results.get(plan)?.state !== 'failed')
    const groups = Map.groupBy(toInputs(going, state), ({ event }) => event)
    for (const [event, inputs] of groups) {
      const told = await sendInParts(inputs, MAX_INPUTS, (part) => record(session, options, events, event, state, part))
      for (const [input, result] of told) for (const plan of input.plans) results.set(plan, result)
    }
  }
  return results
}

async function record(
  session: Session,
  { apiVersion, externalAccountId }: HubSpotOptions,
  events: EventWriter,
  event: string,
  state: AttendanceState,
  part: readonly AttendanceInput[],
): Promise<PartResult<AttendanceInput, { contact?: string | undefined }>> {
  const body: Schemas['Attendances'] = { inputs: part.map((input) => input.body) }
  const path = { version: apiVersion, externalEventId: event, subscriberState: state }
  const tell = () =>
    session.ask(
      'attendance of marketing events',
      (api, hand) =>
        api.POST('/marketing/marketing-events/{version}/attendance/{externalEventId}/{subscriberState}/email-create', {
          params: { path, query: { externalAccountId } },
          body,
          ...hand,
        }),
      { mayBeMissing: true },
    )
  let asked = await tell()
  const [first] = part[0]?.plans ?? []
  if (asked.state === 'missing' && first !== undefined) {
    // It was there; somebody has deleted it since.
    const made = (await events.ensure(session, new Map([[event, first.job]]), true)).get(event)
    if (made?.state === 'failed') return made
    asked = await tell()
  }
  if (asked.state !== 'answered') return { state: 'failed', outcome: asked.outcome }
  return { state: 'sorted', results: sort(part, asked.body) }
}

function sort(
  part: readonly AttendanceInput[],
  answer: Schemas['AttendanceAnswer'] | undefined,
): Map<AttendanceInput, Result<{ contact?: string | undefined }>> {
  const { results = [], errors = [] } = answer ?? {}
  const contacts = new Map(results.map(({ email, vid }) => [email?.trim().toLowerCase(), vid]))
  const isWhole = errors.length === 0 && results.length === part.length
  const [problem] = part.length === 1 ? errors : []
  const sorted = new Map<AttendanceInput, Result<{ contact?: string | undefined }>>()
  for (const input of part) {
    const { email } = input.body
    if (problem !== undefined) sorted.set(input, refusal(problem, 'attendance of marketing events'))
    else if (isWhole || contacts.has(email)) {
      const contact = contacts.get(email)
      sorted.set(input, { state: 'taken', value: { contact: contact === undefined ? undefined : String(contact) } })
    }
  }
  return sorted
}
