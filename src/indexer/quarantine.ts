/** The quarantine in the hands of a person: shown, retried after a fix, discarded. What was decided is no part of the index: a rebuild keeps it. */

import type {
  BridgeActions,
  CareQueries,
  QuarantineChoice,
  QuarantineDetail,
  QuarantineItem,
} from '../core/dispatch/actions.ts'
import { BridgeError, coerceError } from '../core/errors.ts'
import { startOf } from '../core/positions.ts'
import type { Clock, Journal, Log, NewDelivery, Store } from '../core/ports.ts'
import type { Position } from '../core/types.ts'
import { decidedDocument, decidedKey, quarantineKey, readDocument } from './documents.ts'
import type { Decided, Quarantined } from './documents.ts'
import { toText } from './inflate.ts'
import { readQuarantine } from './lookups.ts'

/** What can be done with the quarantine, and asked of it. */
export type QuarantineOperations = Pick<BridgeActions, 'retryQuarantined' | 'discardQuarantined'> &
  Pick<CareQueries, 'quarantine' | 'quarantined'>

interface Deps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
}

const LIST = 100
const PAGE = 200
/** Of a body that is shown. */
const MOST_TEXT = 64 * 1024
const MOST_INFLATED = 64 * 1024 * 1024

/** Makes them. */
export function createQuarantine({ store, journal, clock, log }: Deps): QuarantineOperations {
  async function* all(): AsyncGenerator<Quarantined & { readonly decided: Decided | undefined }> {
    for (let after: Position | undefined; ;) {
      const page = await readQuarantine(store, { after, limit: PAGE })
      const decisions = await store.getMany(page.map(({ position }) => decidedKey(position)))
      for (const [at, item] of page.entries()) yield { ...item, decided: toDecided(item.position, decisions[at]) }
      after = page.at(-1)?.position
      if (after === undefined) return
    }
  }

  const find = async (id: string): Promise<(Quarantined & { readonly decided: Decided | undefined }) | undefined> => {
    const position = parseId(id)
    const before = { seq: position.seq, n: position.n - 1 }
    const [item] = await readQuarantine(store, {
      after: before.n < 0 ? { seq: position.seq - 1, n: 999_999 } : before,
      limit: 1,
    })
    if (item === undefined || quarantineKey(item.position) !== quarantineKey(position)) return undefined
    return { ...item, decided: toDecided(position, await store.get(decidedKey(position))) }
  }

  const choose = async (choice: QuarantineChoice): Promise<Quarantined[]> => {
    if ('id' in choice) {
      const item = await find(choice.id)
      if (item === undefined)
        throw new BridgeError('config', 'ERR_QUARANTINE_ID', `nothing is in quarantine as ${choice.id}`)
      if (item.decided !== undefined) {
        const how = item.decided.state === 'retried' ? `retried as delivery ${item.decided.seq}` : 'discarded'
        throw new BridgeError('config', 'ERR_QUARANTINE_DONE', `${choice.id} was ${how} already`)
      }
      return [item]
    }
    const chosen: Quarantined[] = []
    for await (const item of all()) {
      if (item.decided !== undefined || !fits(item, choice.reason)) continue
      // Read again when its turn comes: all of them together may be large.
      const { data: _, ...rest } = item
      chosen.push(rest)
    }
    return chosen
  }

  const decide = (position: Position, decision: Omit<Decided, 'v' | 'position' | 'at'>): Promise<void> =>
    store.commit([{ op: 'set', key: decidedKey(position), value: { v: 1, position, at: clock.now(), ...decision } }])

  /** What is appended for an item. Throws a BridgeError of kind `record` when nothing can be. */
  const deliveryOf = async (chosen: Quarantined): Promise<NewDelivery> => {
    const { position } = chosen
    const stored = await journal.read(position.seq)
    // What was itself retried keeps the place in the order it had at first.
    const asOf = stored?.asOf ?? position
    const receivedAt = clock.now()
    if (position.n === 0) {
      if (stored === undefined) throw gone('the journal no longer holds its body')
      const { bytes, encoding, contentType } = stored
      return {
        bytes,
        receivedAt,
        asOf: stored.asOf ?? startOf(position.seq),
        ...(stored.seed === undefined ? {} : { seed: stored.seed }),
        ...(encoding === undefined ? {} : { encoding }),
        ...(contentType === undefined ? {} : { contentType }),
      }
    }
    const { data, type } = (await find(formatId(position))) ?? {}
    if (data === undefined) throw gone('its data is gone')
    // One that stood in no envelope may be one itself by now.
    const body = type === undefined ? [data] : [{ type, data: [data] }]
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    const seed = stored?.seed
    return { bytes, receivedAt, asOf, contentType: 'application/json', ...(seed === undefined ? {} : { seed }) }
  }

  return {
    async quarantine({ reason, done, limit = LIST }) {
      const items: QuarantineItem[] = []
      let total = 0
      for await (const item of all()) {
        if ((item.decided !== undefined && done !== true) || !fits(item, reason)) continue
        total += 1
        items.push(toItem(item))
        // The newest are shown.
        if (items.length > limit) items.shift()
      }
      return { items: items.toReversed(), total }
    },
    async quarantined({ id, data }) {
      const item = await find(id)
      if (item === undefined) return undefined
      const shown = toItem(item)
      if (item.position.n > 0) return data === true && item.data !== undefined ? { ...shown, data: item.data } : shown
      const stored = await journal.read(item.position.seq)
      if (stored === undefined) return shown
      const { bytes, encoding, contentType } = stored
      return {
        ...shown,
        bytes: bytes.byteLength,
        ...(encoding === undefined ? {} : { encoding }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(data === true ? await contentOf(bytes, encoding) : {}),
      }
    },
    async retryQuarantined(choice) {
      const done: { id: string; seq: number }[] = []
      const failed: { id: string; reason: string }[] = []
      for (const item of await choose(choice)) {
        const id = formatId(item.position)
        try {
          // A kill between the two leaves it in quarantine: appended twice it is unchanged the second time.
          const { seq } = await journal.append(await deliveryOf(item))
          await decide(item.position, { state: 'retried', seq })
          log.info('quarantine retried', { id, seq })
          done.push({ id, seq })
        } catch (error) {
          failed.push({ id, reason: coerceError(error).message })
        }
      }
      return { done, failed }
    },
    async discardQuarantined({ why, ...choice }) {
      const done: { id: string }[] = []
      for (const { position } of await choose(choice)) {
        const id = formatId(position)
        await decide(position, { state: 'discarded', why })
        log.warn('quarantine discarded', { id, why })
        done.push({ id })
      }
      return { done, failed: [] }
    },
  }
}

function toDecided(position: Position, document: unknown): Decided | undefined {
  return document === undefined ? undefined : readDocument(decidedDocument, decidedKey(position), document)
}

function fits({ code, reason, type }: Quarantined, wanted: string | undefined): boolean {
  return wanted === undefined || `${code} ${reason} ${type ?? ''}`.toLowerCase().includes(wanted.toLowerCase())
}

function toItem(item: Quarantined & { readonly decided: Decided | undefined }): QuarantineItem {
  const { position, receivedAt, code, reason, type, id, decided } = item
  return {
    id: formatId(position),
    receivedAt,
    code,
    reason,
    ...(type === undefined ? {} : { type }),
    ...(id === undefined ? {} : { recordId: id }),
    ...(decided === undefined ? {} : { done: doneOf(decided) }),
  }
}

function doneOf({ state, at, seq, why }: Decided): NonNullable<QuarantineItem['done']> {
  return { state, at, ...(seq === undefined ? {} : { seq }), ...(why === undefined ? {} : { why }) }
}

async function contentOf(
  bytes: Uint8Array,
  encoding: string | undefined,
): Promise<Pick<QuarantineDetail, 'text' | 'base64'>> {
  try {
    return { text: (await toText(bytes, encoding, MOST_INFLATED)).slice(0, MOST_TEXT) }
  } catch {
    return { base64: Buffer.from(bytes.subarray(0, MOST_TEXT)).toString('base64') }
  }
}

function formatId({ seq, n }: Position): string {
  return n === 0 ? String(seq) : `${seq}.${n}`
}

function parseId(id: string): Position {
  const match = /^([1-9]\d{0,12})(?:[.#](\d{1,6}))?$/.exec(id)
  if (match !== null) return { seq: Number(match[1]), n: Number(match[2] ?? 0) }
  const why = `"${id}" is not an id of the quarantine: those are 12 for a body and 12.3 for a record in it`
  throw new BridgeError('config', 'ERR_QUARANTINE_ID', why)
}

function gone(message: string): BridgeError {
  return new BridgeError('record', 'ERR_QUARANTINE_GONE', message)
}
