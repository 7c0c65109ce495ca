import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/types.ts'

const folder = join(import.meta.dirname, '../samples/bevy')

/** Names of all sample bodies. */
export const sampleNames: readonly string[] = readdirSync(folder).toSorted()

/** A sample body, as Bevy sends it. */
export const sampleBytes = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)))

/** Any JSON as a body. */
export const toBody = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json))

/** One envelope as a body: its type, then its records. */
export const envelope = (type: string, ...data: JsonObject[]): Uint8Array => toBody([{ type, data }])
