import { comparePositions, type Job } from '../../src/plugin.ts'
import type { Definitions } from './definitions.ts'
import { type Sources, toMapped, usable } from './mapped.ts'
import type { ContactOptions } from './options.ts'
import { accountIdOf, emailOf, personOf, toId } from './person.ts'

/** One input of an upsert of contacts: a person, from one record or several. */
export interface ContactInput {
  readonly idProperty: string
  readonly id: string
  readonly email: string
  readonly properties: Readonly<Record<string, string>>
  /** Comes back with the result; the order of results tells nothing. */
  readonly traceId: string
  /** The jobs it is made of, oldest first. */
  readonly jobs: readonly Job[]
}

/** What two records of one contact share. Undefined for what is about nobody. */
export function laneOf(options: ContactOptions | undefined, job: Job): string | undefined {
  const email = emailOf(job)
  if (email === undefined) return undefined
  try {
    const key = options && keyOf(options, job)
    return key === undefined ? email : `key:${key}`
  } catch {
    // The mapping fails on this record; sending it will say so.
    return email
  }
}

/** A newer source has written this contact already. */
export function isOlderSource(job: Job): boolean {
  return job.laneAt !== undefined && comparePositions(job.position, job.laneAt) < 0
}

/** Value of the unique property, where the record has one. */
export function keyOf({ key }: ContactOptions, job: Job): string | undefined {
  if (key === undefined) return undefined
  return key.value === undefined ? accountIdOf(job) : toId(key.value.evaluate(job))
}

/** The contact of a record with an e-mail address. Throws as `usable` does. */
export function toContact(
  options: ContactOptions,
  definitions: Definitions | undefined,
  job: Job,
  email: string,
): ContactInput {
  const { firstname, lastname } = defaultsOf(job)
  const sources: Sources = options.properties ?? { firstname, lastname }
  const properties = usable(toMapped(sources, job, options.clear, definitions), 'contacts')
  const key = keyOf(options, job)
  const all = { ...properties, email }
  if (options.key === undefined || key === undefined) {
    return { idProperty: 'email', id: email, email, properties: all, traceId: job.id, jobs: [job] }
  }
  const { property } = options.key
  return { idProperty: property, id: key, email, properties: { ...all, [property]: key }, traceId: job.id, jobs: [job] }
}

/** First and last name of the record's person. */
export function defaultsOf(job: Job): {
  firstname: { fixed: string | undefined }
  lastname: { fixed: string | undefined }
} {
  const person = personOf(job)
  const [first, last] = [person?.first_name, person?.last_name].map((name) =>
    typeof name === 'string' ? name : undefined,
  )
  return { firstname: { fixed: first }, lastname: { fixed: last } }
}

/** One input per contact: HubSpot refuses a batch that has an id twice. A newer record's values win, property by property. */
export function coalesce(inputs: readonly ContactInput[]): ContactInput[] {
  const byId = new Map<string, ContactInput>()
  for (const input of inputs.toSorted((a, b) => comparePositions(lastOf(a).position, lastOf(b).position))) {
    const id = `${input.idProperty} ${input.id.toLowerCase()}`
    const older = byId.get(id)
    byId.set(
      id,
      older === undefined
        ? input
        : { ...input, properties: { ...older.properties, ...input.properties }, jobs: [...older.jobs, ...input.jobs] },
    )
  }
  return [...byId.values()]
}

/** The same person by address: for a contact that exists already without the key. */
export function byEmail(input: ContactInput): ContactInput {
  return { ...input, idProperty: 'email', id: input.email }
}

const lastOf = ({ jobs }: ContactInput): Job => jobs.at(-1) as Job
