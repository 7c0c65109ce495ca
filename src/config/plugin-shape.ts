import type { Plugin } from '../core/plugin-contract.ts'
import { NAME_PATTERN } from './schema-destination.ts'

/** What keeps a default export from being a plugin, one line each; empty when it is one. */
export function shapeProblems(candidate: unknown): string[] {
  if (typeof candidate !== 'object' || candidate === null) {
    return ['its default export is no plugin: export default definePlugin({ name, options, create })']
  }
  const { name, options, create, defaults } = candidate as Partial<Record<keyof Plugin, unknown>>
  const problems: string[] = []
  if (name === undefined) problems.push('it has no name')
  else if (typeof name !== 'string' || !NAME_PATTERN.test(name)) {
    problems.push('its name must be small letters, digits and -, 40 at most')
  }
  if (options === undefined) problems.push('it has no options schema: options: z.strictObject({ … })')
  else if (!isZodSchema(options)) problems.push('its options are no schema of zod 4')
  if (typeof create !== 'function') problems.push('it has no create(options, context)')
  for (const member of ['limits', 'network'] as const) {
    const value = (candidate as Record<string, unknown>)[member]
    if (value !== undefined && typeof value !== 'function') problems.push(`its ${member} must be a function`)
  }
  if (defaults !== undefined && (typeof defaults !== 'object' || defaults === null)) {
    problems.push('its defaults must be an object')
  }
  for (const member of ['stateful', 'leaves', 'erases'] as const) {
    const value = (candidate as Record<string, unknown>)[member]
    if (value !== undefined && typeof value !== 'boolean') problems.push(`its ${member} must be true or false`)
  }
  return problems
}

/** Schemas are told by their brand, not their class: the plugin may bring its own copy of zod. */
function isZodSchema(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    '_zod' in value &&
    typeof (value as { safeParseAsync?: unknown }).safeParseAsync === 'function'
  )
}
