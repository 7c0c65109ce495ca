import type { JoinedRoot, Scope, ScopeRoot } from '../expressions/expressions.ts'
import { readOwn } from '../expressions/paths.ts'
import type { Json, JsonObject } from '../types.ts'

/** Where records keep the id of what they refer to, the likeliest first. */
const REFERENCES: Readonly<Record<JoinedRoot, readonly (readonly string[])[]>> = {
  event: [['event_id'], ['event', 'id']],
  chapter: [['event_chapter_id'], ['chapter_id'], ['chapter', 'id'], ['event', 'chapter', 'id']],
  user: [['user_id'], ['user', 'id']],
}

/** The roots that are heads of their own. */
export const JOINED_ROOTS: readonly JoinedRoot[] = ['event', 'chapter', 'user']

/** The id a record has of what it refers to, as Bevy wrote it; undefined when it refers to none. */
export function referenceOf(data: JsonObject, root: JoinedRoot): string | number | undefined {
  for (const path of REFERENCES[root]) {
    let value: Json | undefined = data
    for (const name of path) value = readOwn(value, name)
    if (isId(value)) return value
  }
  return undefined
}

/**
 * Keys of the heads a record refers to, as far as the record itself tells: `{ event: "event:9001", chapter: "chapter:77" }`.
 * A record of one of these types is that root itself.
 */
export function joinKeys(type: string, data: JsonObject): Partial<Record<JoinedRoot, string>> {
  const keys: Partial<Record<JoinedRoot, string>> = {}
  for (const root of JOINED_ROOTS) {
    const key = joinKey(type, data, root)
    if (key !== undefined) keys[root] = key
  }
  return keys
}

/** One of them. */
export function joinKey(type: string, data: JsonObject, root: JoinedRoot): string | undefined {
  const own = type === root ? readOwn(data, 'id') : undefined
  const id = isId(own) ? own : referenceOf(data, root)
  return id === undefined ? undefined : keyOf(root, id)
}

/**
 * Keys of the heads that would tell more of a root; empty when it is not waited for. A chapter also comes inside its event, so
 * whichever arrives first will do.
 */
export function keysAwaited(scope: Scope, root: ScopeRoot): readonly string[] {
  if (root !== 'event' && root !== 'chapter' && root !== 'user') return []
  const key = scope.waiting[root]
  if (key === undefined) return []
  const { event } = scope.waiting
  return root === 'chapter' && event !== undefined && event !== key ? [key, event] : [key]
}

/** Keys of the heads that expressions reading these roots still wait for. */
export function awaitedBy(reads: ReadonlySet<ScopeRoot>, scope: Scope): string[] {
  if (reads.size === 0) return []
  return [...new Set([...reads].flatMap((root) => keysAwaited(scope, root)))]
}

/** The key of a head: `event:9001`. */
export function keyOf(root: JoinedRoot, id: string | number): string {
  return `${root}:${String(id).trim()}`
}

function isId(value: Json | undefined): value is string | number {
  return typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && value.trim() !== ''
}
