import type { Schemas } from './api.ts'

/** A property as the account defines it. */
export type Definition = Schemas['Property']
/** By name. */
export type Definitions = ReadonlyMap<string, Definition>

/** Undefined when the answer holds no list. */
export function toDefinitions(body: Schemas['Properties'] | undefined): Definitions | undefined {
  if (!Array.isArray(body?.results)) return undefined
  return new Map(body.results.filter(({ archived }) => archived !== true).map((property) => [property.name, property]))
}
