import { isBridgeError, type Mapping } from '../../src/plugin.ts'
import type { Definition, Definitions } from './definitions.ts'
import { toDefinitions } from './definitions.ts'
import type { HubSpotOptions } from './options.ts'
import { EVENT_TYPE } from './plan.ts'
import type { Asked, Session } from './session.ts'

/** Mappings into one type of object. */
interface Part {
  readonly objectType: string
  /** In words. */
  readonly what: string
  /** Where they stand in the options. */
  readonly at: string
  readonly properties: Readonly<Record<string, Mapping>>
  readonly unique?: string | undefined
}

/** What is missing in the account, one line each: token, scope, property, type, option. Writes nothing. */
export async function checkAccount(options: HubSpotOptions, session: Session): Promise<string[]> {
  const lines: string[] = []
  const { apiVersion: version } = options
  /** The answer; a line instead when there is none. */
  const tell = async <Body>(asking: Promise<Asked<Body>>): Promise<Body | undefined> => {
    try {
      const asked = await asking
      if (asked.state === 'answered') return asked.body
      // Nothing was written, so a refusal of the empty batch is as good an answer as any.
      if (asked.state === 'failed' && asked.outcome.state !== 'reject' && 'reason' in asked.outcome)
        lines.push(asked.outcome.reason)
    } catch (error) {
      if (!isBridgeError(error)) throw error
      lines.push(error.message)
    }
    return undefined
  }

  for (const part of partsOf(options)) {
    const { objectType, what } = part
    const body = await tell(
      session.ask(what, (api, hand) =>
        api.GET('/crm/properties/{version}/{objectType}', { params: { path: { version, objectType } }, ...hand }),
      ),
    )
    const definitions = toDefinitions(body)
    if (definitions !== undefined) lines.push(...comparePart(part, definitions))
    if (objectType === EVENT_TYPE) continue
    // An empty batch writes nothing and still needs the scope to write.
    await tell(
      session.ask(`writing of ${what}`, (api, hand) =>
        api.POST('/crm/objects/{version}/{objectType}/batch/upsert', {
          params: { path: { version, objectType } },
          body: { inputs: [] },
          ...hand,
        }),
      ),
    )
  }
  if (options.events !== undefined) {
    const params = {
      path: { version, externalEventId: 'bevy-bridge-check' },
      query: { externalAccountId: options.externalAccountId },
    }
    await tell(
      session.ask(
        'marketing events',
        (api, hand) => api.GET('/marketing/marketing-events/{version}/events/{externalEventId}', { params, ...hand }),
        { mayBeMissing: true },
      ),
    )
    await tell(
      session.ask('writing of marketing events', (api, hand) =>
        api.POST('/marketing/marketing-events/{version}/events/upsert', {
          params: { path: { version } },
          body: { inputs: [] },
          ...hand,
        }),
      ),
    )
  }
  return [...new Set(lines)]
}

function partsOf({ contacts, events, objects }: HubSpotOptions): Part[] {
  const parts: Part[] = []
  if (contacts !== undefined) {
    const { properties = {}, key } = contacts
    parts.push({
      objectType: 'contacts',
      what: 'contacts',
      at: 'contacts.properties',
      properties,
      unique: key?.property,
    })
  }
  const custom = events?.customProperties ?? {}
  if (Object.keys(custom).length > 0) {
    parts.push({ objectType: EVENT_TYPE, what: 'marketing events', at: 'events.customProperties', properties: custom })
  }
  for (const [index, { objectType, idProperty, properties }] of objects.entries()) {
    parts.push({ objectType, what: objectType, at: `objects[${index}].properties`, properties, unique: idProperty })
  }
  return parts
}

/** What a mapping would fail with, as far as can be seen without a record. */
export function comparePart({ what, at, properties, unique }: Part, definitions: Definitions): string[] {
  const lines: string[] = []
  if (unique !== undefined) {
    const definition = definitions.get(unique)
    if (definition === undefined)
      lines.push(`${what} have no property ${unique}: make it in HubSpot, with unique values`)
    else if (definition.hasUniqueValue !== true) {
      lines.push(
        `the property ${unique} of ${what} has no unique values: that is chosen when it is made, so make another`,
      )
    }
  }
  for (const [name, mapping] of Object.entries(properties)) {
    const definition = definitions.get(name)
    if (definition === undefined) lines.push(`${at}.${name}: ${what} in HubSpot have no such property`)
    else lines.push(...compareMapping(mapping, definition).map((problem) => `${at}.${name}: ${problem}`))
  }
  return lines
}

const FITTING: Readonly<Record<string, readonly string[]>> = {
  date: ['date', 'datetime', 'string'],
  datetime: ['date', 'datetime', 'string'],
  number: ['number', 'string', 'enumeration'],
  bool: ['bool', 'string', 'enumeration'],
  json: ['string'],
}

function compareMapping({ source }: Mapping, { type, options = [], modificationMetadata }: Definition): string[] {
  const problems: string[] = []
  if (modificationMetadata?.readOnlyValue === true)
    problems.push('HubSpot keeps this property itself, it cannot be written')
  if (typeof source !== 'object' || source === null) return problems
  const { format, map, value, default: otherwise } = source as Readonly<Record<string, unknown>>
  const fitting = typeof format === 'string' ? FITTING[format] : undefined
  if (fitting?.includes(type) === false)
    problems.push(`the mapping makes a ${String(format)}, the property is of type ${type}`)
  if (type !== 'enumeration' || options.length === 0) return problems
  const fixed = [value, otherwise, ...(typeof map === 'object' && map !== null ? Object.values(map) : [])]
  const given = fixed
    .flat()
    .filter((one) => one !== undefined && one !== null && one !== '')
    .flatMap((one) => String(one).split(';'))
  const known = new Set(
    options.flatMap((option) => [option.value, option.label ?? option.value].map((text) => text.trim().toLowerCase())),
  )
  for (const one of new Set(given)) {
    if (!known.has(one.trim().toLowerCase())) problems.push(`the property has no option ${JSON.stringify(one)}`)
  }
  return problems
}
