import { answersOf, findAnswer } from './answers.ts'
import { BridgeError } from '../errors.ts'
import type { Mapping, ReadPath, Scope, ScopeRoot } from './expressions.ts'
import { COMPILED_BRAND } from './expressions.ts'
import type { Issue, Result } from '../issues.ts'
import { failed } from '../issues.ts'
import { FORMATS } from './mapping-formats.ts'
import { parsePath, readPath } from './paths.ts'
import { didYouMean, nearest } from '../suggest.ts'
import { compileTemplate } from './templates.ts'
import type { Json } from '../types.ts'

type Source = Readonly<Record<string, unknown>>
type Read = (scope: Scope) => Json | undefined

const MODIFIERS = ['default', 'map', 'table', 'format', 'required']
/** Keys by the form they belong to; a form is told by its first key. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  path: ['path', ...MODIFIERS],
  answer: ['answer', 'survey', 'join', ...MODIFIERS],
  value: ['value'],
}

/**
 * Compiles a mapping, in any of its forms:
 *
 * - a path: `record.first_name`; the value keeps its type
 * - a Liquid string: `"{{ event.title }} ({{ chapter.title }})"`; always text
 * - `{ path, default, map, table, format, required }`: `map` replaces values by their text (what it lacks has no value), then
 *   `table` looks them up by their text, trimmed, in that lookup table of the config (the same), then `format`
 *   (`date datetime number bool list json`; what does not fit has no value), then `default` where there is no value
 * - `{ answer: label, survey, join, … }`: a survey answer, from one survey only with `survey`; lists are joined by `join`
 *   (`", "`), unless the format is `list` or `json`
 * - `{ value }`: that value
 *
 * No value means missing, null or `""`: `default` takes its place, `required` makes it an error. Without either, null and `""`
 * are handed on.
 */
export function compileMapping(source: unknown): Result<Mapping> {
  if (typeof source === 'string') return /\{\{|\{%/.test(source) ? fromTemplate(source) : fromPath(source)
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    const shown = source === undefined ? '…' : JSON.stringify(source)
    return failed(
      `must be a path, a template or { path } { answer } { value }; for a fixed value write { value: ${shown} }`,
    )
  }
  const form = Object.keys(FORMS).find((key) => Object.hasOwn(source, key))
  if (form === undefined) {
    const near = Object.keys(source).map((key) => nearest(key, Object.keys(FORMS)))
    const meant = near.find((key) => key !== undefined)
    return failed(`needs one of path, answer, value${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`)
  }
  const issues = check(source as Source, FORMS[form] as readonly string[])
  const read = readerOf(form, source as Source, issues)
  if (issues.length > 0 || read === undefined) return { ok: false, issues }
  const mapping = toMapping(source, read, modified(source as Source, read, label(form, source as Source)))
  const { table } = source as Source
  return { ok: true, value: table === undefined ? mapping : { ...mapping, table: table as string } }
}

function fromTemplate(source: string): Result<Mapping> {
  const template = compileTemplate(source)
  return template.ok ? { ok: true, value: toMapping(source, template.value, template.value.render) } : template
}

function fromPath(source: string): Result<Mapping> {
  const path = parsePath(source)
  if (!path.ok) return path
  const { root, rest } = path.value
  const looks = { reads: new Set([root]), paths: [[root, ...rest]] }
  return { ok: true, value: toMapping(source, looks, (scope) => readPath(scope, path.value)) }
}

function toMapping(source: unknown, { reads, paths }: Pick<Mapping, 'reads' | 'paths'>, evaluate: Read): Mapping {
  return { [COMPILED_BRAND]: 'mapping', source, reads, paths, evaluate }
}

interface Reader {
  readonly reads: Set<ScopeRoot>
  readonly paths: readonly ReadPath[]
  readonly read: Read
}

/** How the value is found, before anything is done with it. */
function readerOf(form: string, source: Source, issues: Issue[]): Reader | undefined {
  if (form === 'value') return { reads: new Set(), paths: [], read: () => source.value as Json }
  const name = source[form]
  if (typeof name !== 'string' || name.trim() === '') {
    issues.push({
      path: [form],
      message: form === 'path' ? 'must be a path such as record.email' : 'must be the label of a question',
    })
    return undefined
  }
  if (form === 'answer') {
    const survey = typeof source.survey === 'string' ? source.survey : undefined
    const answers = (scope: Scope) => (survey === undefined ? scope.answers : answersOf(scope.record, survey))
    return {
      reads: new Set(survey === undefined ? ['answers'] : ['record']),
      paths: [['answers', name]],
      read: (scope) => findAnswer(answers(scope), name),
    }
  }
  const path = parsePath(name)
  if (path.ok) {
    const { root, rest } = path.value
    return { reads: new Set([root]), paths: [[root, ...rest]], read: (scope) => readPath(scope, path.value) }
  }
  issues.push(...path.issues.map((issue) => ({ path: ['path', ...issue.path], message: issue.message })))
  return undefined
}

/** Unknown keys, and values that cannot be. */
function check(source: Source, keys: readonly string[]): Issue[] {
  const issues: Issue[] = []
  const wrong = (key: string, message: string) => issues.push({ path: [key], message })
  for (const key of Object.keys(source)) {
    if (!keys.includes(key)) wrong(key, `unknown key "${key}"${didYouMean(key, keys)}; there are ${keys.join(', ')}`)
  }
  const { value, format, map, table, required, survey, join } = source
  if (keys.includes('value') && value === undefined) wrong('value', 'must be a value')
  if (format !== undefined && (typeof format !== 'string' || !Object.hasOwn(FORMATS, format))) {
    const hint = typeof format === 'string' ? didYouMean(format, Object.keys(FORMATS)) : ''
    wrong('format', `must be one of ${Object.keys(FORMATS).join(', ')}${hint}`)
  }
  if (map !== undefined && (typeof map !== 'object' || map === null || Array.isArray(map))) {
    wrong('map', 'must be an object from found value to new value')
  }
  if (table !== undefined && (typeof table !== 'string' || table === '')) {
    wrong('table', 'must be the name of a lookup table under tables')
  }
  if (required !== undefined && typeof required !== 'boolean') wrong('required', 'must be true or false')
  if (survey !== undefined && typeof survey !== 'string')
    wrong('survey', 'must be the name of a survey, such as pre_order')
  if (join !== undefined && typeof join !== 'string') wrong('join', 'must be text')
  return issues
}

/** What is done with the value on its way: map, table, join, format, default, required. */
function modified(source: Source, { reads, read }: Reader, name: string): Read {
  const map = source.map as { readonly [key: string]: Json } | undefined
  const table = source.table as string | undefined
  const format = source.format as string | undefined
  const joins = Object.hasOwn(source, 'answer') && format !== 'list' && format !== 'json'
  const join = (source.join as string | undefined) ?? ', '
  const convert = format === undefined ? undefined : FORMATS[format]
  if (format === 'date') reads.add('chapter')
  return (scope) => {
    let value = read(scope)
    if (map !== undefined && !isNone(value)) {
      value = replace(value, (key) => (Object.hasOwn(map, key) ? map[key] : undefined))
    }
    if (table !== undefined && !isNone(value)) {
      value = replace(value, (key) => scope.tables?.get(table)?.get(key.trim()))
    }
    if (joins && Array.isArray(value)) value = value.map(toText).join(join)
    if (convert !== undefined && !isNone(value)) value = convert(value, scope)
    if (!isNone(value)) return value
    if (source.default !== undefined) return source.default as Json
    if (source.required !== true) return value
    throw new BridgeError('record', 'ERR_MAPPING_REQUIRED', `${name} is required and has no value`)
  }
}

/** The value, or each of a list, by its text; in a list what is not found is left out. */
function replace(value: Json, find: (key: string) => Json | undefined): Json | undefined {
  if (!Array.isArray(value)) return find(toText(value))
  return value.map((inner: Json) => replace(inner, find)).filter((inner) => inner !== undefined)
}

function toText(value: Json): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
}

function isNone(value: Json | undefined): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

function label(form: string, source: Source): string {
  return form === 'path' ? String(source.path) : `answers[${JSON.stringify(source.answer)}]`
}
