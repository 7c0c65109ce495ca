import { type Job, type JsonObject, type Outcome, skip } from '../../src/plugin.ts'
import { type AttendancePlan, toInputs } from './write-attendance.ts'
import { toSteps } from './attendance.ts'
import { coalesce, type ContactInput, defaultsOf, isOlderSource, toContact } from './contacts.ts'
import type { Definitions } from './definitions.ts'
import { type EventPlan, toEvent } from './events.ts'
import { scopeOf, toMapped, usable } from './mapped.ts'
import type { HubSpotOptions, ObjectOptions } from './options.ts'
import { addressMark, emailOf, isAboutPerson, isDeletedAddress, toId } from './person.ts'
import { readRef, type SentAttendance } from './ref.ts'
import { isEmpty } from './values.ts'
import type { UpsertInput } from './write-objects.ts'

/** Definitions by type of object; what has none is written as it looks. */
export type AllDefinitions = ReadonlyMap<string, Definitions | undefined>

/** An object of a configured type. */
export interface ObjectInput extends UpsertInput {
  readonly objectType: string
}

/** What a job asks of HubSpot. */
export type Plan =
  | { readonly do: 'nothing'; readonly outcome: Outcome }
  | { readonly do: 'erase' }
  | { readonly do: 'cancelEvent' }
  | { readonly do: 'event'; readonly event: EventPlan }
  | { readonly do: 'object'; readonly objects: readonly ObjectInput[] }
  | {
      readonly do: 'person'
      readonly contact?: ContactInput
      readonly attendance?: AttendancePlan
      /** What is kept when all went well. */
      readonly sent?: SentAttendance | undefined
      readonly memberships: readonly ObjectInput[]
    }

/** HubSpot's type of marketing events in the API of properties. */
export const EVENT_TYPE = '0-54'

/**
 * Decides what a job asks of HubSpot; pure.
 *
 * @throws DestinationError for a property that does not exist
 * @throws BridgeError of kind `record` for a value that does not fit
 */
export function toPlan(
  options: HubSpotOptions,
  definitions: AllDefinitions,
  job: Job,
  { storeId, now }: { readonly storeId: string; readonly now: number },
): Plan {
  if (isAboutPerson(job)) return toPersonPlan(options, definitions, job, storeId)
  const objects = options.objects.filter(({ from }) => from === job.type)
  if (job.type === 'event' && options.events !== undefined) {
    if (job.left)
      return readRef(job.ref).event?.canceled === true ? nothing('it is canceled already') : { do: 'cancelEvent' }
    const { events, externalAccountId } = options
    const settings = { events, externalAccountId, definitions: definitions.get(EVENT_TYPE) }
    return { do: 'event', event: toEvent(job.recordId, job, settings, readRef(job.ref), now) }
  }
  if (objects.length === 0) return nothing(`nothing is sent for records of type ${job.type}`)
  if (job.left) return nothing('objects are not taken back')
  return { do: 'object', objects: objects.map((object) => toObject(object, definitions, job, job.recordId, job.id)) }
}

function toPersonPlan(options: HubSpotOptions, definitions: AllDefinitions, job: Job, storeId: string): Plan {
  const email = emailOf(job)
  if (isDeletedAddress(email)) return { do: 'erase' }
  if (email === undefined) return nothing('the record has no e-mail address')
  const { contacts, attendance } = options
  const contact =
    contacts === undefined || job.left || isOlderSource(job)
      ? undefined
      : toContact(contacts, definitions.get('contacts'), job, email)
  const about =
    attendance === undefined || job.type !== 'attendee' ? undefined : toAttendance(options, job, email, storeId)
  const memberships = job.left ? [] : toMemberships(options, definitions, job)
  const hasSteps = about?.plan !== undefined
  if (contact === undefined && !hasSteps && memberships.length === 0) {
    const left = job.left ? 'a contact is not taken back' : undefined
    const older = contacts !== undefined && !job.left ? 'a newer source has written this contact' : undefined
    return nothing(about?.nothing ?? left ?? older ?? `nothing is sent for records of type ${job.type}`)
  }
  return {
    do: 'person',
    ...(contact === undefined ? {} : { contact }),
    ...(about?.plan === undefined ? {} : { attendance: about.plan }),
    sent: about?.sent ?? readRef(job.ref).attendance,
    memberships,
  }
}

function toAttendance(
  { contacts }: HubSpotOptions,
  job: Job,
  email: string,
  storeId: string,
): { readonly plan?: AttendancePlan; readonly sent?: SentAttendance | undefined; readonly nothing?: string } {
  const event = toId(job.data.event_id) ?? toId(job.event?.id)
  if (event === undefined) return { nothing: 'the attendee names no event' }
  const { steps, sent, nothing: why } = toSteps(job, event, addressMark(storeId, email), readRef(job.ref))
  if (steps.length === 0) return { sent, ...(why === undefined ? {} : { nothing: why }) }
  // With contacts, theirs are there by now.
  const { firstname, lastname } = defaultsOf(job)
  const names = contacts === undefined ? { firstname: firstname.fixed?.trim(), lastname: lastname.fixed?.trim() } : {}
  const contactProperties = Object.fromEntries(
    Object.entries(names).filter(([, name]) => name !== undefined && name !== ''),
  )
  return { plan: { job, event, email, steps, contactProperties: contactProperties as Record<string, string> }, sent }
}

/** Chapters a membership that stands leads to. */
function toMemberships({ objects }: HubSpotOptions, definitions: AllDefinitions, job: Job): ObjectInput[] {
  if (job.type !== 'chaptermember' || !isEmpty(job.data.departure_date)) return []
  const chapter = toId(job.chapter?.id) ?? toId(job.data.chapter_id)
  if (chapter === undefined) return []
  return objects
    .filter(({ from, members }) => from === 'chapter' && members)
    .map((object) => toObject(object, definitions, job, chapter, `${job.id}_${object.objectType}`))
}

function toObject(
  object: ObjectOptions,
  definitions: AllDefinitions,
  job: Job,
  recordId: string,
  traceId: string,
): ObjectInput {
  const { from, objectType, idProperty, clear } = object
  const scope = from === 'chapter' ? scopeOf(job, 'chapter', recordId) : job
  const id = (object.id === undefined ? undefined : toId(object.id.evaluate(scope))) ?? recordId
  const properties = usable(toMapped(object.properties, scope, clear, definitions.get(objectType)), objectType)
  return { objectType, idProperty, id, properties: { ...properties, [idProperty]: id }, traceId }
}

const nothing = (reason: string): Plan => ({ do: 'nothing', outcome: skip(reason) })

/** The requests of these plans as a person can read them, with nothing asked of HubSpot. */
export function previewOf({ apiVersion, externalAccountId }: HubSpotOptions, plans: readonly Plan[]): JsonObject[] {
  const shown: JsonObject[] = []
  const post = (path: string, body: unknown): void =>
    void shown.push({ method: 'POST', path, body: JSON.parse(JSON.stringify(body)) })
  const upsert = (type: string, inputs: readonly UpsertInput[]): void =>
    post(`/crm/objects/${apiVersion}/${type}/batch/upsert`, {
      inputs: inputs.map(({ id, idProperty, properties, traceId }) => ({
        id,
        idProperty,
        properties,
        objectWriteTraceId: traceId,
      })),
    })
  const people = plans.filter((plan) => plan.do === 'person')
  const contacts = coalesce(people.flatMap(({ contact }) => contact ?? []))
  if (contacts.length > 0) upsert('contacts', contacts)
  const objects = plans.flatMap((plan) =>
    plan.do === 'object' ? plan.objects : plan.do === 'person' ? plan.memberships : [],
  )
  for (const [type, inputs] of Map.groupBy(objects, ({ objectType }) => objectType)) upsert(type, inputs)
  const root = `/marketing/marketing-events/${apiVersion}`
  const events = plans.flatMap((plan) => (plan.do === 'event' ? plan.event.input : []))
  if (events.length > 0) post(`${root}/events/upsert`, { inputs: events })
  for (const state of ['register', 'attend', 'cancel'] as const) {
    const inputs = toInputs(
      people.flatMap(({ attendance }) => attendance ?? []),
      state,
    )
    for (const [event, group] of Map.groupBy(inputs, (input) => input.event)) {
      const path = `${root}/attendance/${encodeURIComponent(event)}/${state}/email-create?externalAccountId=${encodeURIComponent(externalAccountId)}`
      post(path, { inputs: group.map(({ body }) => body) })
    }
  }
  for (const plan of plans) {
    if (plan.do === 'nothing') shown.push({ skipped: 'reason' in plan.outcome ? plan.outcome.reason : '' })
    if (plan.do === 'erase') shown.push({ erasure: 'a person deleted in Bevy' })
    if (plan.do === 'cancelEvent') shown.push({ method: 'POST', path: `${root}/events/…/cancel` })
  }
  return shown
}
