/**
 * What plugins write their option schemas with, beside zod. Each works with `z.toJSONSchema(schema, { io: 'input' })`.
 */

import { z } from 'zod'
import { formatDuration, parseDuration, parseSize } from './durations.ts'
import type { Mapping, Template } from './expressions/expressions.ts'
import type { Issue, Result } from './issues.ts'
import { compileMapping } from './expressions/mappings.ts'
import type { TemplateOptions } from './expressions/templates.ts'
import { compileTemplate } from './expressions/templates.ts'

export { isSecretSchema, secret, secretsIn } from './secret-schemas.ts'

/** A Liquid template, compiled when the config is loaded. `escape` is applied to all it puts out; hand in one and the same function. */
export function template(options: TemplateOptions = {}): z.ZodPipe<z.ZodString, z.ZodTransform<Template, string>> {
  return z
    .string()
    .meta({ description: 'A Liquid template, such as {{ event.title }}.' })
    .transform((source, context) => orIssues(compileTemplate(source, options), source, context.issues))
}

/** Where a value comes from: a path, a Liquid template, `{ path }`, `{ answer }` or `{ value }`; compiled when the config is loaded. */
export function mapping(): z.ZodPipe<z.ZodUnknown, z.ZodTransform<Mapping, unknown>> {
  return z
    .unknown()
    .meta({
      description: 'A path such as record.email, a Liquid template, { path }, { answer } or { value }.',
      anyOf: MAPPING_FORMS,
    })
    .transform((source, context) => orIssues(compileMapping(source), source, context.issues))
}

/** Text or a number in, a number out. */
type Quantity = z.ZodPipe<z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>, z.ZodTransform<number, string | number>>

/** A duration such as `30s` or `1h30m`, or a number of milliseconds; milliseconds when validated. */
export function duration(): Quantity {
  return quantity(parseDuration, `must be a duration such as 500ms, 30s, 5m, 2h, 7d or ${formatDuration(5_400_000)}`)
}

/** A size such as `64MB` or `1GiB`, or a number of bytes; bytes when validated. */
export function size(): Quantity {
  return quantity(parseSize, 'must be a size such as 500kB, 64MB or 1GiB')
}

function quantity(parse: (value: string | number) => number | undefined, message: string): Quantity {
  return z.union([z.string(), z.number()], message).transform((value, context) => {
    const amount = parse(value)
    return orIssues(
      amount === undefined ? { ok: false, issues: [{ path: [], message }] } : { ok: true, value: amount },
      value,
      context.issues,
    )
  })
}

/** The value; or its issues as issues of zod, at the same paths. */
function orIssues<T>(result: Result<T>, input: unknown, issues: z.core.$ZodRawIssue[]): T {
  if (result.ok) return result.value
  for (const { path, message } of result.issues as readonly Issue[]) {
    issues.push({ code: 'custom', message, input, path: [...path] })
  }
  return z.NEVER
}

const MODIFIERS = {
  default: { description: 'Used where there is no value.' },
  map: { type: 'object', description: 'Found value to new value; others have no value.' },
  table: { type: 'string', description: 'Lookup table (a name under tables) the value is looked up in.' },
  format: { enum: ['date', 'datetime', 'number', 'bool', 'list', 'json'], description: 'What the value becomes.' },
  required: { type: 'boolean', description: 'No value is an error of the record.' },
}

/** The forms of a mapping, for editors. */
const MAPPING_FORMS = [
  { type: 'string', examples: ['record.first_name', '{{ event.title }} ({{ chapter.title }})'] },
  form('path', { path: { type: 'string', description: 'A path such as record.email.' }, ...MODIFIERS }),
  form('answer', {
    answer: { type: 'string', description: 'The label of a survey question; case is ignored.' },
    survey: { type: 'string', description: 'Only from this survey, such as pre_order.' },
    join: { type: 'string', description: 'Between several answers; a comma and a space by default.' },
    ...MODIFIERS,
  }),
  form('value', { value: { description: 'This very value.' } }),
]

function form(key: string, properties: object): object {
  return { type: 'object', properties, required: [key], additionalProperties: false }
}
