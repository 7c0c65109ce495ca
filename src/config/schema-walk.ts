import type { z } from 'zod'
import type { Path } from './problem.ts'

/** What is read of a zod schema's definition; see https://zod.dev/packages/core#internals */
interface Def {
  readonly type?: string
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
  readonly items?: readonly z.core.$ZodType[]
  readonly left?: z.core.$ZodType
  readonly right?: z.core.$ZodType
  readonly getter?: () => z.core.$ZodType
}

const MAX_DEPTH = 40

/** Names a schema knows at a path, all forms of it together: the candidates for a mistyped key. */
export function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  const found = new Set<string>()
  for (const object of objectsAt(schema, path, 0)) for (const key of Object.keys(object)) found.add(key)
  return [...found]
}

function objectsAt(
  schema: z.core.$ZodType | undefined,
  path: Path,
  depth: number,
): Readonly<Record<string, unknown>>[] {
  if (schema === undefined || depth > MAX_DEPTH) return []
  const def = (schema as z.ZodType).def as unknown as Def
  const through = [def.innerType, def.in, def.left, def.right, ...(def.options ?? [])]
  if (def.type === 'lazy' && def.getter !== undefined) through.push(def.getter())
  const found = through.flatMap((inner) => objectsAt(inner, path, depth + 1))
  const [step, ...rest] = path
  if (step === undefined) return def.shape === undefined ? found : [...found, def.shape]
  const inside = def.shape?.[String(step)] ?? def.element ?? def.valueType ?? def.items?.[Number(step)]
  return [...found, ...objectsAt(inside, rest, depth + 1)]
}
