import { BridgeError, type Job, type Json, type Mapping, type Scope } from '../../src/plugin.ts'
import { missingProperty } from './answers.ts'
import type { Definitions } from './definitions.ts'
import { isEmpty, toPropertyValue } from './values.ts'

/** What a record puts into an object. */
export interface Mapped {
  readonly properties: Readonly<Record<string, string>>
  /** Mapped properties the account does not have. */
  readonly missing: readonly string[]
  /** Properties whose value does not fit their type or options. */
  readonly misfits: readonly string[]
}

/** Property → its mapping, or the value itself. */
export type Sources = Readonly<Record<string, Mapping | { readonly fixed: Json | undefined }>>

/**
 * Evaluates mappings into property values. An empty value is left out, or written as `""` where `clear` says so; what the record
 * does not have at all never clears.
 */
export function toMapped(
  sources: Sources,
  scope: Scope,
  clear: boolean | readonly string[],
  definitions: Definitions | undefined,
): Mapped {
  const properties: Record<string, string> = {}
  const missing: string[] = []
  const misfits: string[] = []
  for (const [name, source] of Object.entries(sources)) {
    const definition = definitions?.get(name)
    if (definitions !== undefined && definition === undefined) {
      missing.push(name)
      continue
    }
    const value = 'fixed' in source ? source.fixed : source.evaluate(scope)
    if (isEmpty(value)) {
      if (value !== undefined && (clear === true || (Array.isArray(clear) && clear.includes(name))))
        properties[name] = ''
      continue
    }
    const written = toPropertyValue(value, definition, scope)
    if (written === undefined) misfits.push(name)
    else properties[name] = written
  }
  return { properties, missing, misfits }
}

/**
 * The properties; or why they cannot be sent.
 *
 * @throws DestinationError for a property that does not exist
 * @throws BridgeError of kind `record` for a value that does not fit
 */
export function usable({ properties, missing, misfits }: Mapped, what: string): Readonly<Record<string, string>> {
  if (missing.length > 0) throw missingProperty(what, missing)
  if (misfits.length === 0) return properties
  const message = `the record's value does not fit the type or the options of ${misfits.join(', ')} of ${what} in HubSpot`
  throw new BridgeError('record', 'ERR_HUBSPOT_VALUE', message)
}

/** The job as if it were about the record it is joined with: its mappings read `record`. */
export function scopeOf(job: Job, type: 'event' | 'chapter', id: string): Scope {
  if (job.type === type) return job
  return { ...job, type, record: job[type] ?? { id } }
}
