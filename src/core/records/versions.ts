/** Which of two states of a record is the newer one. */

import { isErased } from '../erasure/person.ts'
import { comparePositions } from '../positions.ts'
import type { BevyRecord, Head, Position, Verdict } from '../types.ts'

/** A record that arrived, with what deciding needs. */
export interface Incoming extends BevyRecord {
  /** Hash of its content, key order ignored. */
  readonly hash: string
  /** Its own usable version; see `versionOf`. */
  readonly version: number | null
  readonly position: Position
  /** Where it stands in the order when that is not its position: a retried body, a record fetched from REST. */
  readonly asOf?: Position | undefined
  /** Taken only where there is no head: it fills a gap and overwrites nothing. */
  readonly onlyNew?: boolean | undefined
}

/** A head as it is kept. */
export interface StoredHead extends Head {
  /**
   * The newest place in the order at which the record is known to have been in this state; absent when that is `position`.
   * An `unchanged` record moves it, so that a retried older body cannot slip in between.
   */
  readonly asOf?: Position
  /** Position of the first state ever accepted; absent when that is `position`. */
  readonly since?: Position
}

/**
 * Decides about a record, given the head of its key. What is left of an erased record is `stale`. Where a head is there, an `onlyNew` record of other content is `stale`. Else:
 *
 * 1. Equal content is `unchanged`.
 * 2. Two versions: the newer instant wins, the older is `stale`; equal ones leave it to arrival (the content differs).
 * 3. No version on one side or both: arrival decides, which is the position, or `asOf`. Equal `asOf`s: the position.
 *
 * `version` is what the head has afterwards if this is accepted: the record's own, else the head keeps its own.
 */
export function decide(incoming: Incoming, head: StoredHead | undefined): { verdict: Verdict; version: number | null } {
  const version = incoming.version ?? head?.version ?? null
  if (isErased(incoming.data)) return { verdict: 'stale', version: incoming.version }
  if (head === undefined) return { verdict: 'accepted', version }
  if (incoming.hash === head.hash) return { verdict: 'unchanged', version }
  if (incoming.onlyNew === true) return { verdict: 'stale', version: incoming.version }
  if (incoming.version !== null && head.version !== null && incoming.version !== head.version) {
    return { verdict: incoming.version > head.version ? 'accepted' : 'stale', version }
  }
  return { verdict: isLater(incoming, head) ? 'accepted' : 'stale', version }
}

/** The head after a record was decided about; the same object when nothing of it changes. */
export function nextHead(
  incoming: Incoming,
  head: StoredHead | undefined,
  decision: { readonly verdict: Verdict; readonly version: number | null },
): StoredHead | undefined {
  const { type, id, key, data, hash, position } = incoming
  const asOf = incoming.asOf ?? position
  if (decision.verdict === 'accepted') {
    return {
      type,
      id,
      key,
      data,
      hash,
      position,
      version: decision.version,
      ...(comparePositions(asOf, position) === 0 ? {} : { asOf }),
      ...(head === undefined ? {} : { since: head.since ?? head.position }),
    }
  }
  if (decision.verdict === 'unchanged' && head !== undefined && comparePositions(asOf, arrivalOf(head)) > 0) {
    return { ...head, asOf }
  }
  return head
}

function isLater(incoming: Incoming, head: StoredHead): boolean {
  const order = comparePositions(incoming.asOf ?? incoming.position, arrivalOf(head))
  return order > 0 || (order === 0 && comparePositions(incoming.position, head.position) > 0)
}

function arrivalOf(head: StoredHead): Position {
  return head.asOf ?? head.position
}
