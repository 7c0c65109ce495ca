import { delivered, type Job, type Outcome } from '../../src/plugin.ts'
import { byEmail, coalesce, type ContactInput } from './contacts.ts'
import type { HubSpotOptions } from './options.ts'
import type { Result } from './parts.ts'
import type { ObjectInput, Plan } from './plan.ts'
import { readRef, toJson } from './ref.ts'
import type { Session } from './session.ts'
import type { AttendancePlan } from './write-attendance.ts'
import { associate, type Conflicts, readIds, upsert, type Written } from './write-objects.ts'

type PersonPlan = Extract<Plan, { do: 'person' }>
type ObjectPlan = Extract<Plan, { do: 'object' }>
type Told = Result<{ contact?: string | undefined }>

/** Writes contacts, other objects, and who belongs to them. */
export interface PeopleWriter {
  /** Contacts and memberships. The value is HubSpot's id of the contact, where it is known. */
  contacts(session: Session, plans: readonly (readonly [Job, PersonPlan])[]): Promise<Map<Job, Result<Written>>>
  attendance(
    session: Session,
    plans: readonly (readonly [Job, PersonPlan])[],
    write: (plans: readonly AttendancePlan[]) => Promise<Map<AttendancePlan, Told>>,
  ): Promise<Map<Job, Told>>
  objects(session: Session, plans: readonly (readonly [Job, ObjectPlan])[]): Promise<Map<Job, Outcome>>
}

export function createPeopleWriter({ apiVersion }: HubSpotOptions): PeopleWriter {
  /** HubSpot's ids of objects members belong to, by type and id. */
  const objectIds = new Map<string, string>()
  const slot = ({ objectType, idProperty, id }: ObjectInput): string => JSON.stringify([objectType, idProperty, id])

  const upsertContacts = async (
    session: Session,
    inputs: readonly ContactInput[],
  ): Promise<Map<Job, Result<Written>>> => {
    const byJob = new Map<Job, Result<Written>>()
    const [byAddress, byKey] = [
      inputs.filter(({ idProperty }) => idProperty === 'email'),
      inputs.filter(({ idProperty }) => idProperty !== 'email'),
    ]
    const conflicts: Conflicts = new Set()
    const note = (results: ReadonlyMap<ContactInput, Result<Written>>): void => {
      for (const [input, result] of results) for (const job of input.jobs) byJob.set(job, result)
    }
    note(await upsert(session, apiVersion, 'contacts', coalesce(byKey), conflicts))
    // The contact was there before it had the key: found by its address, it gets it now.
    const known = [...conflicts].map((input) => byEmail(input as ContactInput))
    note(await upsert(session, apiVersion, 'contacts', coalesce([...byAddress, ...known])))
    return byJob
  }

  /** Ids of the objects, made where HubSpot has none. */
  const idsOf = async (session: Session, inputs: readonly ObjectInput[]): Promise<Map<string, Result<Written>>> => {
    const ids = new Map<string, Result<Written>>()
    const wanted = new Map(inputs.map((input) => [slot(input), input]))
    const groups = Map.groupBy([...wanted.values()], ({ objectType, idProperty }) =>
      JSON.stringify([objectType, idProperty]),
    )
    for (const group of groups.values()) {
      const [{ objectType, idProperty }] = group as [ObjectInput]
      const asked = group.filter((input) => !objectIds.has(slot(input)))
      const found = await readIds(
        session,
        apiVersion,
        objectType,
        idProperty,
        asked.map(({ id }) => id),
      )
      const absent = asked.filter(({ id }) => {
        const result = found.get(id)
        return result?.state === 'taken' && result.value.id === undefined
      })
      const made = await upsert(session, apiVersion, objectType, absent)
      for (const input of group) {
        const id = objectIds.get(slot(input))
        const result =
          id === undefined ? (made.get(input) ?? found.get(input.id)) : { state: 'taken' as const, value: { id } }
        if (result?.state === 'taken' && result.value.id !== undefined) objectIds.set(slot(input), result.value.id)
        if (result !== undefined) ids.set(slot(input), result)
      }
    }
    return ids
  }

  const join = async (
    session: Session,
    plans: readonly (readonly [Job, PersonPlan])[],
    contacts: Map<Job, Result<Written>>,
  ): Promise<void> => {
    const members = plans.filter(
      ([job, { memberships }]) => memberships.length > 0 && contacts.get(job)?.state !== 'failed',
    )
    const ids = await idsOf(
      session,
      members.flatMap(([, { memberships }]) => memberships),
    )
    const pairs = members.flatMap(([job, { memberships }]) =>
      memberships.flatMap((object) => {
        const [contact, result] = [contacts.get(job), ids.get(slot(object))]
        if (result?.state === 'failed') contacts.set(job, result)
        const from = (contact?.state === 'taken' ? contact.value.id : undefined) ?? readRef(job.ref).contact
        const to = result?.state === 'taken' ? result.value.id : undefined
        return from === undefined || to === undefined ? [] : [{ job, object, from, to }]
      }),
    )
    for (const [toType, group] of Map.groupBy(pairs, ({ object }) => object.objectType)) {
      // Two records may lead to one pair; HubSpot is asked once.
      const unique = new Map(group.map((pair) => [`${pair.from} ${pair.to}`, pair]))
      const results = await associate(session, apiVersion, toType, [...unique.values()])
      for (const pair of group) {
        const result = results.get(unique.get(`${pair.from} ${pair.to}`) ?? pair)
        if (result?.state !== 'failed') continue
        objectIds.delete(slot(pair.object))
        contacts.set(pair.job, result)
      }
    }
  }

  return {
    async contacts(session, plans) {
      const inputs = plans.flatMap(([, { contact }]) => contact ?? [])
      const results = await upsertContacts(session, inputs)
      await join(session, plans, results)
      return results
    },

    async attendance(_session, plans, write) {
      const wanted = plans.flatMap(([, { attendance }]) => attendance ?? [])
      if (wanted.length === 0) return new Map()
      const results = await write(wanted)
      return new Map([...results].map(([plan, result]) => [plan.job, result]))
    },

    async objects(session, plans) {
      const outcomes = new Map<Job, Outcome>(plans.map(([job]) => [job, delivered({ ref: toJson({}) })]))
      const jobs = new Map(plans.flatMap(([job, { objects }]) => objects.map((object) => [object, job] as const)))
      for (const [objectType, inputs] of Map.groupBy([...jobs.keys()], (object) => object.objectType)) {
        for (const [input, result] of await upsert(session, apiVersion, objectType, inputs)) {
          const job = jobs.get(input) as Job
          if (result.state === 'failed') outcomes.set(job, result.outcome)
          else if (result.value.id !== undefined) objectIds.set(slot(input), result.value.id)
        }
      }
      return outcomes
    },
  }
}
