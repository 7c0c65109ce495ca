import { mapping, z, type Json, type Mapping, type Scope } from '../../src/plugin.ts'

/** A body made after the shape of a piece of YAML. */
export type Structure =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'read'; readonly mapping: Mapping }
  | { readonly kind: 'list'; readonly items: readonly Structure[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, Structure])[] }

const source = mapping()
const EXPRESSION = /\{\{|\{%/
/** `{{ record.id }}` and nothing else: no filter, no text around it. */
const ONE_EXPRESSION = /^\s*\{\{-?\s*([^|{}]+?)\s*-?\}\}\s*$/
/** A path with at least one step. A lone word such as `event` is a text, not the whole event. */
const PATH = /^(?:record|before|event|chapter|user|answers|delivery|changed)[.[]/

/** The schema of `body.template`. */
export const structure = z.unknown().transform((input, context): Structure => {
  const compile = (part: unknown, path: readonly (string | number)[]): Structure => {
    if (typeof part === 'string') return compileText(part, path)
    if (Array.isArray(part))
      return { kind: 'list', items: part.map((inner, index) => compile(inner, [...path, index])) }
    if (typeof part !== 'object' || part === null) return { kind: 'value', value: (part ?? null) as Json }
    return {
      kind: 'object',
      fields: Object.entries(part).map(([key, inner]) => [key, compile(inner, [...path, key])] as const),
    }
  }
  const compileText = (text: string, path: readonly (string | number)[]): Structure => {
    const alone = ONE_EXPRESSION.exec(text)?.[1]
    if (alone !== undefined) {
      // Fails where the expression is no path, but a text in quotes: then it is a template.
      const read = source.safeParse(alone)
      if (read.success) return { kind: 'read', mapping: read.data }
    }
    if (!EXPRESSION.test(text) && !PATH.test(text.trim())) return { kind: 'value', value: text }
    const compiled = source.safeParse(text)
    if (compiled.success) return { kind: 'read', mapping: compiled.data }
    for (const { message } of compiled.error.issues) {
      // `continue`: else a union around it would say only that no alternative fits.
      context.issues.push({ code: 'custom', message, input: text, path: [...path], continue: true })
    }
    return { kind: 'value', value: null }
  }
  return compile(input, [])
})

/** The body for a record. A value that is not there becomes null. */
export function renderStructure(part: Structure, scope: Scope): Json {
  switch (part.kind) {
    case 'value':
      return part.value
    case 'read':
      return part.mapping.evaluate(scope) ?? null
    case 'list':
      return part.items.map((inner) => renderStructure(inner, scope))
    case 'object':
      return Object.fromEntries(part.fields.map(([key, inner]) => [key, renderStructure(inner, scope)]))
  }
}
