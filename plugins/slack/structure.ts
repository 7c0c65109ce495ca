import { template, type Json, type Scope, type Template } from '../../src/plugin.ts'
import { slackEscape } from './text.ts'

/** A piece of a message after the shape of YAML; texts that hold an expression are templates. */
export type Structure =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'list'; readonly items: readonly Structure[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, Structure])[] }

/** What is wrong, and where in the piece. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const source = template({ escape: slackEscape })

/** Compiles one Liquid template whose values are marked; problems are put into `problems`. */
export function compileText(text: string, path: Problem['path'], problems: Problem[]): Template | undefined {
  const compiled = source.safeParse(text)
  if (compiled.success) return compiled.data
  problems.push(...compiled.error.issues.map(({ message }) => ({ path, message })))
  return undefined
}

/** Compiles a piece of YAML. */
export function compileStructure(part: unknown, path: Problem['path'], problems: Problem[]): Structure {
  if (typeof part === 'string') {
    const compiled = /\{\{|\{%/.test(part) ? compileText(part, path, problems) : undefined
    return compiled === undefined ? { kind: 'value', value: part } : { kind: 'template', template: compiled }
  }
  if (Array.isArray(part)) {
    return { kind: 'list', items: part.map((inner, index) => compileStructure(inner, [...path, index], problems)) }
  }
  if (typeof part !== 'object' || part === null) return { kind: 'value', value: (part ?? null) as Json }
  const fields = Object.entries(part)
  return {
    kind: 'object',
    fields: fields.map(([key, inner]) => [key, compileStructure(inner, [...path, key], problems)]),
  }
}

/** Renders it; texts still hold marks (see text.ts). */
export function renderStructure(part: Structure, scope: Scope): Json {
  switch (part.kind) {
    case 'value':
      return part.value
    case 'template':
      return part.template.render(scope)
    case 'list':
      return part.items.map((inner) => renderStructure(inner, scope))
    case 'object':
      return Object.fromEntries(part.fields.map(([key, inner]) => [key, renderStructure(inner, scope)]))
  }
}

/** All templates in it. */
export function templatesIn(part: Structure): Template[] {
  if (part.kind === 'template') return [part.template]
  if (part.kind === 'list') return part.items.flatMap(templatesIn)
  return part.kind === 'object' ? part.fields.flatMap(([, inner]) => templatesIn(inner)) : []
}
