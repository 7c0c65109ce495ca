import { z } from 'zod'

/** Deeper than any options go; schemas may refer to themselves. */
const MAX_DEPTH = 40

/**
 * A text that must never be printed: a token, a password, a signing key. Not empty. Its value is redacted wherever it would be
 * logged, and the JSON Schema marks it `writeOnly`.
 */
export function secret(): z.ZodString {
  return z.string().min(1).meta({ writeOnly: true })
}

/** True for what `secret()` made, also when optional, with a default or described further. */
export function isSecretSchema(schema: z.core.$ZodType): boolean {
  if (z.globalRegistry.get(schema)?.writeOnly === true) return true
  const { innerType, in: input } = definition(schema)
  const inner = innerType ?? input
  return inner !== undefined && isSecretSchema(inner)
}

/** The values of all `secret()` fields in an input of a schema, each once: what redaction has to know. */
export function secretsIn(schema: z.core.$ZodType, input: unknown): string[] {
  const found = new Set<string>()
  collect(schema, input, found, 0)
  return [...found]
}

/** What is read of a zod schema's definition; see https://zod.dev/packages/core#internals */
interface Definition {
  readonly type?: string
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
  readonly catchall?: z.core.$ZodType
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly out?: z.core.$ZodType
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
  readonly items?: readonly z.core.$ZodType[]
  readonly rest?: z.core.$ZodType | null
  readonly left?: z.core.$ZodType
  readonly right?: z.core.$ZodType
  readonly getter?: () => z.core.$ZodType
}

function definition(schema: z.core.$ZodType): Definition {
  return (schema as z.ZodType).def as Definition
}

function collect(schema: z.core.$ZodType | null | undefined, input: unknown, found: Set<string>, depth: number): void {
  if (schema === undefined || schema === null || input === undefined || input === null || depth > MAX_DEPTH) return
  const def = definition(schema)
  if (z.globalRegistry.get(schema)?.writeOnly === true) strings(input, found)
  const same = [def.innerType, def.in, def.out, def.left, def.right, ...(def.options ?? [])]
  if (def.type === 'lazy') same.push(def.getter?.())
  for (const inner of same) collect(inner, input, found, depth + 1)
  if (typeof input !== 'object') return
  for (const [key, value] of Object.entries(input)) {
    const inner = Array.isArray(input)
      ? (def.element ?? def.items?.[Number(key)] ?? def.rest)
      : def.shape !== undefined && Object.hasOwn(def.shape, key)
        ? def.shape[key]
        : (def.valueType ?? def.catchall)
    collect(inner, value, found, depth + 1)
  }
}

/** Every text in it: a whole object may be marked as secret. */
function strings(input: unknown, found: Set<string>): void {
  if (typeof input === 'string' && input !== '') found.add(input)
  if (typeof input === 'number') found.add(String(input))
  if (typeof input === 'object' && input !== null) for (const inner of Object.values(input)) strings(inner, found)
}
