/** The books of a destination as they stand in the store. */

import type { Store } from '../core/ports.ts'
import { createWindow, type Window } from '../core/dispatch/window.ts'
import {
  awaitingDocument,
  cursorDocument,
  exceptionDocument,
  keys,
  parseDocument,
  replayDocument,
  type Exception,
  type Replay,
} from './documents.ts'

/** A replay with the window of its reader. */
export interface RunningReplay extends Omit<Replay, 'position' | 'done'> {
  readonly window: Window
}

/** Rejects with ERR_STORE_DOCUMENT when one cannot be read. Dead letters are named, not read. */
export async function readLedger(store: Store, slot: string) {
  const cursor = parseDocument(cursorDocument, keys.cursor(slot), await store.get(keys.cursor(slot)))
  const exceptions = new Map<string, Exception>()
  for (const [id, key, document] of await readAll(store, keys.exceptions(slot))) {
    exceptions.set(id, parseDocument(exceptionDocument, key, document))
  }
  const dead = new Set((await store.keys(keys.dead(slot))).map(idOf))
  const awaiting = new Map<string, readonly string[]>()
  for (const [id, key, document] of await readAll(store, keys.awaiting(slot))) {
    awaiting.set(id, parseDocument(awaitingDocument, key, document).needs)
  }
  const replays = new Map<string, RunningReplay>()
  for (const [id, key, document] of await readAll(store, keys.replays(slot))) {
    const { position, done, ...replay } = parseDocument(replayDocument, key, document)
    replays.set(id, { ...replay, window: createWindow({ position, done }) })
  }
  return { cursor, exceptions, dead, awaiting, replays }
}

async function readAll(
  store: Store,
  prefix: string,
): Promise<(readonly [id: string, key: string, document: unknown])[]> {
  const found = await store.keys(prefix)
  const documents = await store.getMany(found)
  return found.map((key, index) => [idOf(key), key, documents[index]] as const)
}

/** The last segment of a key. */
export function idOf(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1)
}
