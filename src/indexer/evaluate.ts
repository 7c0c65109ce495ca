/** Decides about the records of a batch of deliveries and says what to commit. Pure: nothing changes until the commit succeeded. */

import type { Problem } from '../core/records/bodies.ts'
import type { StoreOp } from '../core/ports.ts'
import { orderOf } from '../core/erasure/orders.ts'
import { isErased } from '../core/erasure/person.ts'
import { emailsOf } from '../core/records/records.ts'
import type { IndexedDelivery, IndexedRecord, Position } from '../core/types.ts'
import type { StoredHead } from '../core/records/versions.ts'
import { decide, nextHead } from '../core/records/versions.ts'
import type { Entry, EntryRecord, Mark, Quarantined } from './documents.ts'
import { entryKey, headKey, MARK, mailKey, originOf, quarantineKey } from './documents.ts'
import type { OpenDelivery, UnusableRecord, UsableRecord } from './open-delivery.ts'
import { startTally } from './tallies.ts'

/** A delivery, decided about. */
export interface EvaluatedDelivery {
  readonly indexed: IndexedDelivery
  /** Keys whose first state was accepted here. */
  readonly firstSeen: readonly string[]
  /** Characters of its text and of the states before. */
  readonly size: number
  /** What went into quarantine, in order. */
  readonly quarantined: readonly Problem[]
}

/** A changed head. */
export interface ChangedHead {
  readonly head: StoredHead
  /** Characters of its JSON. */
  readonly size: number
}

/** A batch, decided about. */
export interface Evaluated {
  /** One commit: entries, heads, quarantine, e-mail entries, the mark. */
  readonly ops: readonly StoreOp[]
  readonly mark: Mark
  readonly heads: ReadonlyMap<string, ChangedHead>
  readonly deliveries: readonly EvaluatedDelivery[]
  /** Types never seen before that have no schema. */
  readonly newTypes: readonly string[]
  /** People Bevy has deleted were noted. */
  readonly deletions: boolean
}

/**
 * Decides about consecutive deliveries, in order. `heads` holds the head of every key in them, where one exists. `guarded`: the
 * commit fails when an entry is already there. `notesDeletions`: people Bevy has deleted are to be erased here too.
 */
export function evaluate(
  batch: readonly OpenDelivery[],
  heads: ReadonlyMap<string, StoredHead>,
  mark: Mark,
  guarded: boolean,
  notesDeletions = false,
): Evaluated {
  const current = new Map(heads)
  const changed = new Map<string, ChangedHead>()
  const documents = new Map<string, unknown>()
  const guards: StoreOp[] = []
  const newTypes: string[] = []
  let deletions = false
  const tally = startTally(mark)

  function count(type: string | undefined, verdict: EntryRecord['verdict']): void {
    const unknown = tally.add(type, verdict)
    if (unknown !== undefined) newTypes.push(unknown)
  }

  function put(
    delivery: OpenDelivery,
    item: UsableRecord,
  ): { entry: EntryRecord; indexed: IndexedRecord; first: boolean } {
    const { n, record, hash, version, notes } = item
    const position = { seq: delivery.seq, n }
    const before = current.get(record.key)
    const incoming = { ...record, hash, version, position, asOf: delivery.asOf, onlyNew: delivery.seed === true }
    const decision = decide(incoming, before)
    const after = nextHead(incoming, before, decision)
    if (after !== before && after !== undefined) {
      current.set(record.key, after)
      changed.set(record.key, { head: after, size: item.size })
    }
    const accepted = decision.verdict === 'accepted'
    if (accepted) noteEmails(record.key, item, before)
    if (accepted && notesDeletions) noteDeletion(record, position, delivery.receivedAt)
    count(record.type, decision.verdict)
    const facts = { verdict: decision.verdict, version: accepted ? decision.version : version, hash }
    const old = accepted && before !== undefined ? { before: before.data } : {}
    const prev = accepted && before !== undefined ? { prev: before.position } : {}
    const { type, id } = record
    return {
      entry: { n, type, id, ...facts, ...old, ...prev, ...(notes.length === 0 ? {} : { notes: [...notes] }) },
      indexed: { ...record, position, ...facts, ...old },
      first: accepted && before === undefined,
    }
  }

  function noteEmails(key: string, { record }: UsableRecord, before: StoredHead | undefined): void {
    const known = before === undefined ? [] : emailsOf(before.data)
    for (const email of emailsOf(record.data)) {
      if (!known.includes(email)) documents.set(mailKey(email, key), { v: 1, key })
    }
  }

  function noteDeletion(record: UsableRecord['record'], position: Position, at: number): void {
    const order = orderOf(record, position, at)
    if (order?.op !== 'set') return
    documents.set(order.key, order.value)
    deletions = true
  }

  function setAside({ seq, receivedAt }: OpenDelivery, n: number, problem: Problem, item?: UnusableRecord): void {
    const { type, id, data } = item ?? {}
    const kept: Quarantined = {
      position: { seq, n },
      receivedAt,
      ...problem,
      ...(type === undefined ? {} : { type }),
      ...(id === undefined ? {} : { id }),
      ...(data === undefined ? {} : { data }),
    }
    documents.set(quarantineKey(kept.position), { v: 1, ...kept })
  }

  function decideAll(delivery: OpenDelivery): EvaluatedDelivery {
    const { seq, receivedAt, asOf, seed, problem } = delivery
    const entries: EntryRecord[] = []
    const records: IndexedRecord[] = []
    const firstSeen: string[] = []
    const quarantined: Problem[] = []
    let { size } = delivery
    if (problem !== undefined) {
      setAside(delivery, 0, problem)
      tally.addBody()
      quarantined.push(problem)
    }
    for (const item of delivery.records) {
      if (item.state === 'unusable') {
        count(item.type, 'invalid')
        if (!isErased(item.data)) {
          setAside(delivery, item.n, item.problem, item)
          quarantined.push(item.problem)
        }
        entries.push(toInvalid(item))
        continue
      }
      const { entry, indexed, first } = put(delivery, item)
      entries.push(entry)
      records.push(indexed)
      if (first) firstSeen.push(indexed.key)
      if (indexed.before !== undefined) size += item.size
    }
    const entry: Entry = {
      v: 1,
      seq,
      receivedAt,
      records: entries,
      ...(asOf === undefined ? {} : { asOf }),
      ...(seed === undefined ? {} : { seed }),
      ...(problem === undefined ? {} : { problem }),
    }
    if (guarded) guards.push({ op: 'expect', key: entryKey(seq), present: false })
    documents.set(entryKey(seq), entry)
    return { indexed: { seq, receivedAt, records, ...originOf(entry) }, firstSeen, size, quarantined }
  }

  const deliveries = batch.map(decideAll)
  const after = tally.toMark(batch.at(-1)?.seq ?? mark.seq)
  for (const [key, { head }] of changed) documents.set(headKey(key), toHeadDocument(head))
  // Last, for drivers that write one key after the other.
  documents.set(MARK, after)
  const sets = [...documents].map(([key, value]): StoreOp => ({ op: 'set', key, value }))
  return { ops: [...guards, ...sets], mark: after, heads: changed, deliveries, newTypes, deletions }
}

function toInvalid({ n, type, id, problem }: UnusableRecord): EntryRecord {
  return {
    n,
    verdict: 'invalid',
    version: null,
    hash: '',
    problem: { ...problem },
    ...(type === undefined ? {} : { type }),
    ...(id === undefined ? {} : { id }),
  }
}

function toHeadDocument(head: StoredHead): unknown {
  // The key is `type:id`, said twice it would only take room.
  const { key: _, ...rest } = head
  return { v: 1, ...rest }
}
