import {
  comparePositions,
  delivered,
  isBridgeError,
  type Job,
  type Outcome,
  type PluginContext,
  type Sender,
  toOutcome,
} from '../../src/plugin.ts'
import { createCaller } from './api.ts'
import { checkAccount } from './check.ts'
import { laneOf } from './contacts.ts'
import { erase, erasePerson } from './erase.ts'
import type { HubSpotOptions } from './options.ts'
import { type AllDefinitions, EVENT_TYPE, type Plan, previewOf, toPlan } from './plan.ts'
import { readRef, toJson } from './ref.ts'
import { createSession, type Session } from './session.ts'
import { writeAttendance } from './write-attendance.ts'
import { createEventWriter } from './write-events.ts'
import { createDefinitionCache } from './write-objects.ts'
import { createPeopleWriter } from './write-people.ts'

/** How old definitions may be before a value that does not fit them is believed. */
const FRESH = 60_000

/** Brings contacts, marketing events, attendance and other objects up to date. Everything it does may be repeated. */
export function createHubSpotSender(options: HubSpotOptions, context: PluginContext): Sender {
  const { now, storeId } = context
  const caller = createCaller(options, context.http)
  const definitions = createDefinitionCache(options.apiVersion, options.propertiesFor, now)
  const hasCustom = Object.keys(options.events?.customProperties ?? {}).length > 0
  const events = createEventWriter(options, async (session) =>
    hasCustom ? definitions.get(session, EVENT_TYPE) : { state: 'taken', value: undefined },
  )
  const people = createPeopleWriter(options)
  const types = [
    ...(options.contacts === undefined ? [] : ['contacts']),
    ...(hasCustom ? [EVENT_TYPE] : []),
    ...options.objects.map(({ objectType }) => objectType),
  ]

  /** Definitions of all types that are mapped, or the outcome of not getting them. */
  const read = async (session: Session, newerThan?: number): Promise<AllDefinitions | Outcome> => {
    const all: Map<string, Awaited<ReturnType<typeof definitions.get>>> = new Map()
    for (const type of new Set(types)) all.set(type, await definitions.get(session, type, newerThan))
    for (const found of all.values()) if (found.state === 'failed') return found.outcome
    return new Map([...all].map(([type, found]) => [type, found.state === 'taken' ? found.value : undefined]))
  }

  /** Plans all jobs. What does not fit old definitions is planned anew with new ones: somebody may have added the property since. */
  const planAll = async (session: Session, jobs: readonly Job[]): Promise<Map<Job, Plan> | Outcome> => {
    const known = await read(session)
    if ('state' in known) return known
    const first = tryPlans(options, known, jobs, storeId, now())
    const isOld = types.some((type) => known.get(type) !== undefined && definitions.readAt(type) <= now() - FRESH)
    if (first.problem === undefined || !isOld) return first.done()
    const fresh = await read(session, now() - FRESH)
    return 'state' in fresh ? fresh : tryPlans(options, fresh, jobs, storeId, now()).done()
  }

  const send: Sender['send'] = async (jobs, attempt) => {
    const session = createSession({ options, context, caller }, attempt.signal)
    const inOrder = jobs.toSorted((a, b) => comparePositions(a.position, b.position))
    const plans = await planAll(session, inOrder)
    if ('state' in plans) return jobs.map(() => plans)
    const outcomes = new Map<Job, Outcome>()
    const of = <Kind extends Plan['do']>(kind: Kind): [Job, Extract<Plan, { do: Kind }>][] =>
      [...plans].filter((entry): entry is [Job, Extract<Plan, { do: Kind }>] => entry[1].do === kind)

    for (const [job, { outcome }] of of('nothing')) outcomes.set(job, outcome)
    const eventPlans = new Map(of('event').map(([job, { event }]) => [job, event]))
    if (eventPlans.size > 0) {
      for (const [job, result] of await events.write(session, eventPlans)) {
        outcomes.set(
          job,
          result.state === 'failed' ? result.outcome : delivered({ ref: toJson({ event: result.value }) }),
        )
      }
    }
    for (const [job] of of('cancelEvent')) {
      const result = await events.cancel(session, job.recordId)
      outcomes.set(
        job,
        result.state === 'failed' ? result.outcome : delivered({ ref: toJson({ event: result.value }) }),
      )
    }
    for (const [job] of of('erase')) outcomes.set(job, await erase(session, options, job))
    for (const [job, outcome] of await people.objects(session, of('object'))) outcomes.set(job, outcome)

    const written = await people.contacts(session, of('person'))
    const isWell = ([job]: [Job, unknown]): boolean => written.get(job)?.state !== 'failed'
    const told = await people.attendance(session, of('person').filter(isWell), (plansOf) =>
      writeAttendance(session, options, events, plansOf),
    )
    for (const [job, plan] of of('person')) {
      const [contact, attendance] = [written.get(job), told.get(job)]
      if (contact?.state === 'failed') outcomes.set(job, contact.outcome)
      else if (attendance?.state === 'failed') outcomes.set(job, attendance.outcome)
      else {
        const id = contact?.value.id ?? attendance?.value.contact ?? readRef(job.ref).contact
        outcomes.set(job, delivered({ ref: toJson({ contact: id, attendance: plan.sent }) }))
      }
    }
    return jobs.map((job) => outcomes.get(job) as Outcome)
  }

  return {
    send,
    lane: (job) => laneOf(options.contacts, job),
    erase: (person, { signal }) => erasePerson(createSession({ options, context, caller }, signal), options, person),
    check: (signal) => checkAccount(options, createSession({ options, context, caller }, signal)),
    preview: (jobs) => {
      const { plans, failed } = tryPlans(options, new Map(), jobs, storeId, now())
      const rejected = [...failed.values()].map((outcome) => ({ rejected: 'reason' in outcome ? outcome.reason : '' }))
      return [...previewOf(options, [...plans.values()]), ...rejected]
    },
  }
}

/** The plans; jobs that cannot be planned apart. */
function tryPlans(
  options: HubSpotOptions,
  definitions: AllDefinitions,
  jobs: readonly Job[],
  storeId: string,
  now: number,
) {
  const plans = new Map<Job, Plan>()
  const failed = new Map<Job, Outcome>()
  let destination: unknown
  for (const job of jobs) {
    try {
      plans.set(job, toPlan(options, definitions, job, { storeId, now }))
    } catch (error) {
      const outcome = toOutcome(error)
      if (outcome !== undefined) failed.set(job, outcome)
      else if (isBridgeError(error, 'destination')) destination ??= error
      else throw error
    }
  }
  return {
    plans,
    failed,
    problem: destination ?? [...failed.values()][0],
    /** @throws DestinationError when one of them was about the destination */
    done(): Map<Job, Plan> {
      if (destination !== undefined) throw destination
      return new Map([...plans, ...[...failed].map(([job, outcome]) => [job, { do: 'nothing', outcome }] as const)])
    },
  }
}
