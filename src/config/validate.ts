import type { z } from 'zod'
import { coerceError } from '../core/errors.ts'
import { explainIssue } from './explain-issue.ts'
import { nodeAt, placeAt, toPlain } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Path, Problem } from './problem.ts'

/** A validated part of the config, with the plain input it came from. */
export type Validated<T> =
  | { readonly ok: true; readonly value: T; readonly input: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * Checks what stands at `path` of `root` with a schema. Where a reference took a type the field does not want (a secret of digits
 * only), its text is tried before anything is reported. `absent` stands in where there is nothing at the path; `origin` tells
 * where a value was written, if `root` was put together from several places.
 */
export async function validate<Schema extends z.ZodType>(
  schema: Schema,
  root: Located,
  path: Path = [],
  absent: unknown = undefined,
  origin?: (path: Path) => Path,
): Promise<Validated<z.output<Schema>>> {
  const node = nodeAt(root, path)
  const asText = new Set<Located>()
  const firstIssues = new Map<Located, z.core.$ZodIssue>()
  for (;;) {
    const input = node === undefined ? absent : toPlain(node, asText)
    const result = await parse(schema, input)
    if (result.success) return { ok: true, value: result.data, input }
    if ('thrown' in result) {
      const message = `the schema of this plugin failed: ${result.thrown.name}`
      return { ok: false, problems: [problemAt(placeAt(root, path), path, message)] }
    }
    const issues = result.error.issues.filter(isFirst)
    const before = asText.size
    for (const issue of issues) {
      for (const scalar of node === undefined ? [] : scalarsOf(issue, node)) {
        if (asText.has(scalar)) continue
        asText.add(scalar)
        firstIssues.set(scalar, issue)
      }
    }
    if (asText.size === before) {
      const problems = issues.flatMap((issue) => {
        const scalar = node === undefined ? undefined : nodeAt(node, pathOf(issue))
        return explainIssue((scalar && firstIssues.get(scalar)) ?? issue, { schema, root, path, origin })
      })
      return { ok: false, problems }
    }
  }
}

type Parsed<T> = z.ZodSafeParseResult<T> | { readonly success: false; readonly thrown: Error }

async function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): Promise<Parsed<z.output<Schema>>> {
  try {
    return await schema.safeParseAsync(input)
  } catch (error) {
    return { success: false, thrown: coerceError(error) }
  }
}

/** A value of the wrong kind is just that, whatever its length may say. */
function isFirst({ path }: z.core.$ZodIssue, index: number, all: readonly z.core.$ZodIssue[]): boolean {
  const same = all.find((other) => other.code === 'invalid_type' && other.path.join('\0') === path.join('\0'))
  return same === undefined || all.indexOf(same) >= index
}

function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
}

/** Scalars an issue is about that have another text than their value. */
function scalarsOf(issue: z.core.$ZodIssue, node: Located, above: Path = []): Located[] {
  const at = [...above, ...pathOf(issue)]
  const found = issue.code === 'invalid_union' ? issue.errors.flat().flatMap((inner) => scalarsOf(inner, node, at)) : []
  const scalar = nodeAt(node, at)
  if (scalar?.kind === 'scalar' && scalar.text !== undefined && scalar.text !== scalar.value) found.push(scalar)
  return found
}
