/** Which fields the config reads that never came. Pure. */

import { labelHash, type SeenFields } from '../records/fields.ts'
import type { DestinationSettings, Route } from '../settings.ts'
import { nearest } from '../suggest.ts'
import { pathsOf, type ReadPath } from './expressions.ts'
import { formatPath } from './paths.ts'

/** A field that is read and was never seen. */
export interface UnseenField {
  /** `event.is_test` */
  readonly path: string
  /** Records it would have to be in. */
  readonly types: readonly string[]
  /** How many of these came. */
  readonly records: number
  /** `route to-crm`, `destination crm` */
  readonly readBy: readonly string[]
  /** A field that did come and is called nearly so. */
  readonly similar?: string | undefined
}

/** Fewer records say nothing. */
const ENOUGH = 20
/** One that may come and has not is none that came without the field. */
const TYPES = ['attendee', 'event', 'chapter', 'chaptermember', 'user']

/** What the routes, their filters, and the templates and mappings of the destinations read that is in no record so far. */
export function unseenFields(
  config: { readonly routes: readonly Route[]; readonly destinations: readonly DestinationSettings[] },
  fields: ReadonlyMap<string, SeenFields>,
): UnseenField[] {
  const found = new Map<string, UnseenField>()
  const types = [...new Set([...TYPES, ...fields.keys()])]
  const look = (path: ReadPath, canMatch: (type: string) => boolean, reader: string): void => {
    const unseen = judge(path, types.filter(canMatch), fields)
    if (unseen === undefined) return
    const before = found.get(unseen.path)
    const readBy = [...new Set([...(before?.readBy ?? []), reader])]
    found.set(unseen.path, { ...(before !== undefined && before.records > unseen.records ? before : unseen), readBy })
  }
  for (const { name, filter } of config.routes) {
    for (const path of filter.paths) look(path, (type) => filter.canMatch(type), `route ${name}`)
  }
  for (const { name, options } of config.destinations) {
    const routes = config.routes.filter(({ to }) => to.includes(name))
    const canMatch = (type: string): boolean => routes.some(({ filter }) => filter.canMatch(type))
    for (const path of pathsOf(options)) look(path, canMatch, `destination ${name}`)
  }
  return [...found.values()]
}

/** `event.is_test: in none of 412 event records; Bevy support can switch it on`, with who reads it. */
export function describeUnseen({ path, types, records, readBy, similar }: UnseenField): string {
  const advice =
    similar !== undefined
      ? `did you mean ${similar}?`
      : path.startsWith('answers')
        ? 'compare the label with the question in Bevy'
        : 'Bevy support can switch it on'
  return `${path}: in none of ${records} ${types.join(' or ')} records; ${advice} (read by ${readBy.join(', ')})`
}

function judge(
  path: ReadPath,
  types: readonly string[],
  fields: ReadonlyMap<string, SeenFields>,
): UnseenField | undefined {
  const [root, ...rest] = path
  const names = rest.filter((step): step is string => typeof step === 'string')
  if (names.length === 0) return undefined
  const places = placesOf(String(root), types)
  if (places === undefined) return undefined
  const labels = root === 'answers'
  const isIn = ({ type, below }: Place): boolean => {
    const seen = fields.get(type)
    if (seen === undefined) return false
    if (labels) return seen.full || seen.labels.has(labelHash(names[0] ?? ''))
    return seen.full || hasPath(seen, [...below, ...names])
  }
  if (places.all.some(isIn)) return undefined
  const came = places.own.map((type) => [type, fields.get(type)?.records ?? 0] as const)
  // One of the types may still bring it.
  if (came.length === 0 || came.some(([, records]) => records < ENOUGH)) return undefined
  return {
    path: labels
      ? formatPath(['answers', names[0] ?? '']).replace(/^answers\.(.+)$/, 'answers["$1"]')
      : formatPath(path),
    types: came.map(([type]) => type),
    records: came.reduce((sum, [, records]) => sum + records, 0),
    readBy: [],
    ...(labels ? {} : similarTo(String(root), places.own, names, fields)),
  }
}

interface Place {
  readonly type: string
  /** Names above the path inside that type's records. */
  readonly below: readonly string[]
}

/** Where what a root leads to may be found; `own`: the types whose records must have come. */
function placesOf(
  root: string,
  types: readonly string[],
): { own: readonly string[]; all: readonly Place[] } | undefined {
  const here = types.map((type) => ({ type, below: [] }))
  switch (root) {
    case 'record':
    case 'before':
      return { own: types, all: here }
    case 'answers':
      return { own: types.filter((type) => type === 'attendee'), all: here }
    case 'event':
    case 'user':
      return { own: [root], all: [{ type: root, below: [] }, ...types.map((type) => ({ type, below: [root] }))] }
    case 'chapter':
      return {
        own: ['event'],
        all: [{ type: root, below: [] }, ...['event', ...types].map((type) => ({ type, below: [root] }))],
      }
    default:
      return undefined
  }
}

/** The path is there; or something above it is, and never held anything that could say what is in it. */
function hasPath({ paths }: SeenFields, names: readonly string[]): boolean {
  const path = names.join('.')
  if (paths.has(path)) return true
  const parent = names.slice(0, -1).join('.')
  if (parent === '') return false
  // Always null, empty, or text: what may be in it is not known.
  return paths.has(parent) && ![...paths].some((other) => other.startsWith(`${parent}.`))
}

function similarTo(
  root: string,
  types: readonly string[],
  names: readonly string[],
  fields: ReadonlyMap<string, SeenFields>,
): { similar?: string } {
  const above = names.slice(0, -1)
  const prefix = above.length === 0 ? '' : `${above.join('.')}.`
  const beside = types.flatMap((type) =>
    [...(fields.get(type)?.paths ?? [])].flatMap((path) => {
      const name = path.startsWith(prefix) ? path.slice(prefix.length) : ''
      return name === '' || name.includes('.') ? [] : [name]
    }),
  )
  const similar = nearest(names.at(-1) ?? '', beside)
  return similar === undefined ? {} : { similar: formatPath([root, ...above, similar]) }
}
