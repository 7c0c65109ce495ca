import type { Schemas } from './api.ts'
import {
  type Crm,
  type FakeObject,
  findBy,
  isEmail,
  nextId,
  objectsOf,
  type Problem,
  problem,
  valueProblem,
} from './fake-crm.fake.ts'

/** An answer of the fake. */
export interface Reply {
  readonly status: number
  readonly body?: unknown
}

type Path = Readonly<Record<string, string>>

const done = (results: unknown[], errors: Problem[]): Reply => {
  const [first] = errors
  if (results.length === 0 && first !== undefined) return { status: 400, body: first }
  const common = { status: 'COMPLETE', startedAt: '2026-03-02T10:00:00Z', completedAt: '2026-03-02T10:00:00Z' }
  if (errors.length === 0) return { status: 200, body: { ...common, results } }
  return { status: 207, body: { ...common, results, numErrors: errors.length, errors } }
}

const duplicates = (ids: readonly string[]): Reply | undefined =>
  new Set(ids).size === ids.length
    ? undefined
    : { status: 400, body: problem('VALIDATION_ERROR', `Duplicate IDs found in batch input: ${ids.join()}`) }

export function upsertObjects(crm: Crm, { objectType = '' }: Path, { inputs }: Schemas['Upserts']): Reply {
  const twice = duplicates(inputs.map(({ id, idProperty }) => `${idProperty} ${id.toLowerCase()}`))
  if (twice !== undefined) return twice
  const results: unknown[] = []
  const errors: Problem[] = []
  for (const { id, idProperty, properties, objectWriteTraceId } of inputs) {
    const refuse = (refused: Problem): void =>
      void errors.push({ ...refused, context: { objectWriteTraceId: [objectWriteTraceId] } })
    const unique = crm.definitions.get(objectType)?.find(({ name }) => name === idProperty)
    if (idProperty !== 'email' && unique?.hasUniqueValue !== true) {
      refuse(problem('VALIDATION_ERROR', `${idProperty} is not a unique property`))
      continue
    }
    const wrong = valueProblem(crm, objectType, { ...properties, [idProperty]: id })
    if (wrong !== undefined) {
      refuse(wrong)
      continue
    }
    const found = findBy(crm, objectType, idProperty, id)
    const { email } = properties
    const other = email === undefined || email === '' ? undefined : findBy(crm, objectType, 'email', email)
    if (other !== undefined && other !== found) {
      refuse(problem('CONFLICT', `Contact already exists. Existing ID: ${other.id}`))
      continue
    }
    const object: FakeObject = found ?? { id: nextId(), properties: {} }
    objectsOf(crm, objectType).set(object.id, object)
    write(object, { ...properties, [idProperty]: id })
    results.push({ id: object.id, new: found === undefined, objectWriteTraceId, properties: { ...object.properties } })
  }
  return done(results.toReversed(), errors)
}

function write({ properties }: FakeObject, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === '') delete properties[name]
    else properties[name] = name === 'email' ? value.toLowerCase() : value
  }
}

export function updateObjects(crm: Crm, { objectType = '' }: Path, { inputs }: Schemas['Updates']): Reply {
  const results: unknown[] = []
  const errors: Problem[] = []
  for (const { id, properties, objectWriteTraceId } of inputs) {
    const found = objectsOf(crm, objectType).get(id)
    const wrong =
      found === undefined ? problem('OBJECT_NOT_FOUND', `no ${id}`) : valueProblem(crm, objectType, properties)
    if (found === undefined || wrong !== undefined) {
      errors.push({ ...wrong, context: { objectWriteTraceId: [objectWriteTraceId] } })
      continue
    }
    write(found, properties)
    results.push({ id, properties: found.properties })
  }
  return done(results, errors)
}

export function readObjects(crm: Crm, { objectType = '' }: Path, { idProperty, inputs }: Schemas['Reads']): Reply {
  const results: unknown[] = []
  const errors: Problem[] = []
  for (const { id } of inputs) {
    const isOwnId = idProperty === 'hs_object_id'
    const found = isOwnId ? objectsOf(crm, objectType).get(id) : findBy(crm, objectType, idProperty, id)
    const value = isOwnId ? id : (found?.properties[idProperty] ?? null)
    if (found === undefined) errors.push(problem('OBJECT_NOT_FOUND', `no ${id}`, { context: { ids: [id] } }))
    else results.push({ id: found.id, properties: { [idProperty]: value } })
  }
  return { status: errors.length > 0 ? 207 : 200, body: { status: 'COMPLETE', results, errors } }
}

export function forgetContact(crm: Crm, { objectId }: { objectId: string }): Reply {
  if (!objectsOf(crm, 'contacts').delete(objectId)) return { status: 404, body: problem('OBJECT_NOT_FOUND', 'none') }
  crm.forgotten.add(objectId)
  return { status: 204 }
}

export function associate(crm: Crm, { toType = '' }: Path, { inputs }: Schemas['Pairs']): Reply {
  const results: unknown[] = []
  const errors: Problem[] = []
  for (const { from, to } of inputs) {
    const isKnown = objectsOf(crm, 'contacts').has(from.id) && objectsOf(crm, toType).has(to.id)
    if (!isKnown) {
      errors.push(problem('VALIDATION_ERROR', `${from.id} or ${to.id} is not there`))
      continue
    }
    crm.associations.add(`contacts:${from.id} ${toType}:${to.id}`)
    results.push({ from, to })
  }
  return done(results, errors)
}

export function upsertEvents(crm: Crm, _path: Path, { inputs }: Schemas['Events']): Reply {
  const twice = duplicates(inputs.map(({ externalEventId }) => externalEventId))
  if (twice !== undefined) return twice
  const results = inputs.map((input) => {
    const { externalEventId, customProperties = [], ...fields } = input
    const known = new Set(crm.definitions.get('0-54')?.map(({ name }) => name))
    const before = crm.events.get(externalEventId) ?? { objectId: nextId(), eventCompleted: false }
    const custom = customProperties.filter(({ name }) => known.has(name)).map(({ name, value }) => [name, value])
    const event = { eventCancelled: false, ...before, ...fields, ...Object.fromEntries(custom) }
    // What is not said again counts as not so.
    if (fields.eventCancelled === undefined) event.eventCancelled = false
    if (fields.eventCompleted === undefined) event.eventCompleted = false
    crm.events.set(externalEventId, event)
    return { ...event, externalEventId }
  })
  return { status: 200, body: { status: 'COMPLETE', results: results.toReversed() } }
}

export function actOnEvent(crm: Crm, { externalEventId = '' }: Path, change: Readonly<Record<string, unknown>>): Reply {
  const found = crm.events.get(externalEventId)
  if (found === undefined) return { status: 404, body: problem('OBJECT_NOT_FOUND', `no event ${externalEventId}`) }
  Object.assign(found, change)
  return { status: 200, body: found }
}

export function recordAttendance(
  crm: Crm,
  { externalEventId = '', subscriberState = '' }: Path,
  { inputs }: Schemas['Attendances'],
): Reply {
  if (!crm.events.has(externalEventId)) return { status: 404, body: problem('OBJECT_NOT_FOUND', 'no such event') }
  const twice = duplicates(inputs.map(({ email }) => email.toLowerCase()))
  if (twice !== undefined) return twice
  if (subscriberState !== 'attend' && inputs.some(({ properties }) => properties !== undefined)) {
    return { status: 400, body: problem('VALIDATION_ERROR', 'properties are allowed only for attend') }
  }
  const results: unknown[] = []
  const errors: Problem[] = []
  for (const { email, interactionDateTime: at, contactProperties = {} } of inputs) {
    if (!isEmail(email)) {
      errors.push(problem('VALIDATION_ERROR', `invalid email ${email}`))
      continue
    }
    const found = findBy(crm, 'contacts', 'email', email)
    const contact: FakeObject = found ?? { id: nextId(), properties: {} }
    if (found === undefined) write(contact, { ...contactProperties, email })
    objectsOf(crm, 'contacts').set(contact.id, contact)
    const entry = { event: externalEventId, contact: contact.id, state: subscriberState, at }
    // A contact and a time that are known make a repeat, whatever its state.
    const isRepeat = crm.timeline.some(
      ({ event, contact: of, at: time }) => event === entry.event && of === entry.contact && time === at,
    )
    if (!isRepeat) crm.timeline.push(entry)
    results.push({ email: email.toLowerCase(), vid: Number(contact.id) })
  }
  const body = {
    status: 'COMPLETE',
    results: results.toReversed(),
    ...(errors.length > 0 && { numErrors: errors.length, errors }),
  }
  return { status: 200, body }
}
