import type { Outcome } from '../../src/plugin.ts'
import { type Definitions, toDefinitions } from './definitions.ts'
import type { Schemas } from './api.ts'
import { describeProblem, traceIds } from './problems.ts'
import { type PartResult, type Result, sendInParts } from './parts.ts'
import { refusal, type Session } from './session.ts'

/** HubSpot's most inputs of one request. https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide */
export const MAX_INPUTS = 100

/** What an upsert needs of an input. */
export interface UpsertInput {
  readonly idProperty: string
  readonly id: string
  readonly properties: Readonly<Record<string, string>>
  readonly traceId: string
}

/** HubSpot's id of what was written, where the answer tells. `conflict` on refusals: another object has a unique value of this one. */
export interface Written {
  readonly id?: string | undefined
}

/** Refusals that say another object has a unique value already. */
export type Conflicts = Set<UpsertInput>

/** Creates or updates objects of one type. */
export function upsert<Input extends UpsertInput>(
  session: Session,
  apiVersion: string,
  objectType: string,
  inputs: readonly Input[],
  conflicts: Conflicts = new Set(),
): Promise<Map<Input, Result<Written>>> {
  return sendInParts<Input, Written>(inputs, MAX_INPUTS, async (part) => {
    const body: Schemas['Upserts'] = {
      inputs: part.map(({ id, idProperty, properties, traceId }) => ({
        id,
        idProperty,
        properties,
        objectWriteTraceId: traceId,
      })),
    }
    const path = { version: apiVersion, objectType }
    const asked = await session.ask(objectType, (api, hand) =>
      api.POST('/crm/objects/{version}/{objectType}/batch/upsert', { params: { path }, body, ...hand }),
    )
    if (asked.state !== 'answered') {
      if (part.length === 1 && part[0] !== undefined && /\b409\b|CONFLICT/.test(reasonOf(asked.outcome)))
        conflicts.add(part[0])
      return { state: 'failed', outcome: asked.outcome }
    }
    return sort(part, asked.body, objectType, conflicts)
  })
}

/** By trace id, or by the value of the id property, never by index: results come in any order. */
function sort<Input extends UpsertInput>(
  part: readonly Input[],
  body: Schemas['ObjectsAnswer'] | undefined,
  objectType: string,
  conflicts: Conflicts,
): PartResult<Input, Written> {
  const results = new Map<Input, Result<Written>>()
  const { results: taken = [], errors = [] } = body ?? {}
  const byTrace = new Map(part.map((input) => [input.traceId, input]))
  const byValue = new Map(part.map((input) => [`${input.idProperty} ${input.id.toLowerCase()}`, input]))
  for (const { id, objectWriteTraceId, properties = {} } of taken) {
    const values = Object.entries(properties).map(([name, value]) => `${name} ${String(value).toLowerCase()}`)
    const found =
      byTrace.get(objectWriteTraceId ?? '') ?? values.map((value) => byValue.get(value)).find((input) => input)
    if (found !== undefined) results.set(found, { state: 'taken', value: { id } })
  }
  for (const problem of errors) {
    const named = traceIds(problem).map((traceId) => byTrace.get(traceId))
    for (const input of part.length === 1 ? part : named) {
      if (input === undefined) continue
      results.set(input, refusal(problem, objectType))
      if (/CONFLICT/.test(describeProblem(problem))) conflicts.add(input)
    }
  }
  return { state: 'sorted', results }
}

const reasonOf = (outcome: Outcome): string => ('reason' in outcome ? outcome.reason : '')

/** HubSpot's ids of objects, by the value of a unique property; those it does not have are absent. */
export async function readIds(
  session: Session,
  apiVersion: string,
  objectType: string,
  idProperty: string,
  values: readonly string[],
): Promise<Map<string, Result<Written>>> {
  const inputs = [...new Set(values)]
  return sendInParts<string, Written>(inputs, MAX_INPUTS, async (part) => {
    const body: Schemas['Reads'] = { idProperty, properties: [idProperty], inputs: part.map((id) => ({ id })) }
    const path = { version: apiVersion, objectType }
    const asked = await session.ask(
      objectType,
      (api, hand) => api.POST('/crm/objects/{version}/{objectType}/batch/read', { params: { path }, body, ...hand }),
      { mayBeMissing: true },
    )
    if (asked.state === 'failed') return { state: 'failed', outcome: asked.outcome }
    const found = asked.state === 'missing' ? [] : (asked.body?.results ?? [])
    const ids = new Map(found.map(({ id, properties }) => [properties?.[idProperty]?.toLowerCase(), id]))
    // What is not there is no error of a read.
    return {
      state: 'sorted',
      results: new Map(part.map((value) => [value, { state: 'taken', value: { id: ids.get(value.toLowerCase()) } }])),
    }
  })
}

/** A pair to be associated. */
export interface Pair {
  readonly from: string
  readonly to: string
}

/** Associates contacts with objects of a type, by the most general kind of association. A repeat changes nothing. */
export function associate<Input extends Pair>(
  session: Session,
  apiVersion: string,
  toType: string,
  pairs: readonly Input[],
): Promise<Map<Input, Result<true>>> {
  return sendInParts<Input, true>(pairs, MAX_INPUTS, async (part) => {
    const body: Schemas['Pairs'] = { inputs: part.map(({ from, to }) => ({ from: { id: from }, to: { id: to } })) }
    const path = { version: apiVersion, fromType: 'contacts', toType }
    const what = `association of contacts and ${toType}`
    const asked = await session.ask(what, (api, hand) =>
      api.POST('/crm/associations/{version}/{fromType}/{toType}/batch/associate/default', {
        params: { path },
        body,
        ...hand,
      }),
    )
    if (asked.state !== 'answered') return { state: 'failed', outcome: asked.outcome }
    const done = new Set(asked.body?.results?.map(({ from, to }) => `${from.id} ${to.id}`))
    const [problem] = part.length === 1 ? (asked.body?.errors ?? []) : []
    const results = new Map<Input, Result<true>>()
    for (const pair of part) {
      if (done.has(`${pair.from} ${pair.to}`)) results.set(pair, { state: 'taken', value: true })
      else if (problem !== undefined) results.set(pair, refusal(problem, what))
    }
    return { state: 'sorted', results }
  })
}

/** The properties of a type of objects, remembered for a while. */
export interface DefinitionCache {
  /** Undefined when HubSpot answers without any; then nothing is known, and nothing is remembered. */
  get(session: Session, objectType: string, newerThan?: number): Promise<Result<Definitions | undefined>>
  /** When they were read, milliseconds since 1970. */
  readAt(objectType: string): number
}

/** @param keepFor milliseconds */
export function createDefinitionCache(apiVersion: string, keepFor: number, now: () => number): DefinitionCache {
  const known = new Map<string, { readonly at: number; readonly definitions: Definitions }>()
  return {
    async get(session, objectType, newerThan = now() - keepFor) {
      const cached = known.get(objectType)
      if (cached !== undefined && cached.at > newerThan) return { state: 'taken', value: cached.definitions }
      const path = { version: apiVersion, objectType }
      const asked = await session.ask(objectType, (api, hand) =>
        api.GET('/crm/properties/{version}/{objectType}', { params: { path }, ...hand }),
      )
      if (asked.state !== 'answered') return { state: 'failed', outcome: asked.outcome }
      const definitions = toDefinitions(asked.body)
      if (definitions !== undefined) known.set(objectType, { at: now(), definitions })
      return { state: 'taken', value: definitions }
    },
    readAt: (objectType) => known.get(objectType)?.at ?? 0,
  }
}
