import type { Schemas } from './api.ts'

/** A problem as HubSpot words it. */
export type Problem = Schemas['Problem']
type Property = Schemas['Property']

/** Any object of the CRM. */
export interface FakeObject {
  readonly id: string
  readonly properties: Record<string, string>
}

/** One line on a contact's timeline. */
export interface FakeAttendance {
  readonly event: string
  readonly contact: string
  readonly state: string
  readonly at: number
}

/** What the fake keeps. */
export interface Crm {
  readonly objects: Map<string, Map<string, FakeObject>>
  readonly definitions: Map<string, Property[]>
  readonly events: Map<string, Record<string, unknown>>
  readonly timeline: FakeAttendance[]
  readonly associations: Set<string>
  /** Contacts deleted for good. */
  readonly forgotten: Set<string>
}

const text = (name: string, more: Partial<Property> = {}): Property => ({ name, label: name, type: 'string', ...more })

/** What every account has, and one property of each type. */
export const STANDARD: readonly Property[] = [
  text('email'),
  text('firstname'),
  text('lastname'),
  text('hs_object_id', { type: 'number', modificationMetadata: { readOnlyValue: true } }),
  text('bevy_user_id', { hasUniqueValue: true }),
  text('diet', {
    type: 'enumeration',
    fieldType: 'checkbox',
    options: [
      { value: 'vegan', label: 'Vegan food' },
      { value: 'no_nuts', label: 'No nuts' },
    ],
  }),
  text('last_event', { type: 'date' }),
  text('registered_at', { type: 'datetime' }),
  text('tickets', { type: 'number' }),
  text('is_member', { type: 'bool' }),
]

export function createCrm(definitions: Readonly<Record<string, readonly Property[]>>): Crm {
  return {
    objects: new Map(),
    definitions: new Map(
      Object.entries({ contacts: STANDARD, ...definitions }).map(([type, list]) => [type, [...list]]),
    ),
    events: new Map(),
    timeline: [],
    associations: new Set(),
    forgotten: new Set(),
  }
}

let lastId = 1000
export const nextId = (): string => String(++lastId)

export const isEmail = (value: string): boolean => /^[^\s@;,]+@[^\s@;,]+\.[^\s@;,]+$/.test(value)

/** The objects of a type, made when first asked for. */
export function objectsOf(crm: Crm, type: string): Map<string, FakeObject> {
  const found = crm.objects.get(type) ?? new Map<string, FakeObject>()
  crm.objects.set(type, found)
  return found
}

export function findBy(crm: Crm, type: string, property: string, value: string): FakeObject | undefined {
  return [...objectsOf(crm, type).values()].find(
    ({ properties }) => properties[property]?.toLowerCase() === value.toLowerCase(),
  )
}

export const problem = (category: string, message: string, more: Problem = {}): Problem => ({
  status: 'error',
  category,
  message,
  correlationId: 'c0ffee00-0000-4000-8000-000000000001',
  ...more,
})

const FORMS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$|^\d+$/,
  datetime: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$|^\d+$/,
  number: /^-?\d+(?:\.\d+)?$/,
  bool: /^(?:true|false)$/,
}

/** What is wrong with the values, in HubSpot's words: a JSON array inside the message, the values in it. */
export function valueProblem(crm: Crm, type: string, values: Readonly<Record<string, string>>): Problem | undefined {
  const wrong: { isValid: false; message: string; error: string; name: string }[] = []
  const add = (name: string, error: string): void => {
    wrong.push({ isValid: false, message: `${values[name]} is not valid for ${name}`, error, name })
  }
  for (const [name, value] of Object.entries(values)) {
    const definition = crm.definitions.get(type)?.find((property) => property.name === name)
    if (definition === undefined) add(name, 'PROPERTY_DOESNT_EXIST')
    else if (definition.modificationMetadata?.readOnlyValue === true) add(name, 'READ_ONLY_VALUE')
    else if (value === '') continue
    else if (name === 'email' && !isEmail(value)) add(name, 'INVALID_EMAIL')
    else if (definition.type === 'enumeration') {
      const allowed = new Set(definition.options?.map((option) => option.value))
      if (!value.split(';').every((part) => allowed.has(part))) add(name, 'INVALID_OPTION')
    } else if (FORMS[definition.type]?.test(value) === false) add(name, `INVALID_${definition.type.toUpperCase()}`)
  }
  return wrong.length === 0
    ? undefined
    : problem('VALIDATION_ERROR', `Property values were not valid: ${JSON.stringify(wrong)}`)
}
