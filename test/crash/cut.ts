/** One case of the crash suite: the script is cut somewhere by a kill, goes on in another life, and the accounts are settled. */

import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { stringify } from 'yaml'
import { connectAdmin } from '../../src/admin/client.ts'
import { startBridge } from '../../src/app.ts'
import { createLoad } from '../../src/app/load.ts'
import { systemClock } from '../../src/clock.ts'
import type { Store } from '../../src/core/ports.ts'
import type { Settings } from '../../src/core/settings.ts'
import type { Ledger } from '../../src/core/torture/ledger.ts'
import { readBooks as readAllBooks } from '../../src/dispatcher/inspect.ts'
import { createIndexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { account } from '../../src/torture/ending.ts'
import { readBooks, type StoreReader } from '../../src/torture/facts.ts'
import { startLife, type Life } from '../../src/torture/life.ts'
import { makeOverlay, storeOf } from '../../src/torture/overlay.ts'
import { createPoster, type Poster } from '../../src/torture/post.ts'
import { startSinks } from '../../src/torture/sinks.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createMemoryStore } from '../kit/memory-store.ts'
import type { Program } from './bundle.ts'
import { endedAt } from './kill-points.ts'
import { bodies, config, decide, RELOAD_BEFORE } from './script.ts'

const SECRET = 'crash-secret'
const log = createMemoryLog()

/** Where the first life ends. */
export type Cut =
  /** At the n-th point it passes. */
  | { readonly at: 'point'; readonly n: number }
  /** When the n-th request has come to a sink, before it is answered. */
  | { readonly at: 'request'; readonly n: number }

/** What came of a case. */
export interface Outcome {
  /** Where it ended; undefined when the script came to its end before. */
  readonly cut: string | undefined
  readonly ledger: Ledger
  /** As things stood at the kill. */
  readonly state: {
    readonly acknowledged: number
    readonly stored: number
    readonly indexed: number
    readonly taken: number
    /** Rows were written that no flush had settled, and cut off by the next life. */
    readonly rowsCut: boolean
  }
}

/** Plays one case in a folder that is empty. */
export async function playCut({ command, cache }: Program, folder: string, cut: Cut): Promise<Outcome> {
  let life: Life | undefined
  let requests = 0
  const sinks = await startSinks((request) => {
    if (request.life !== 1 || cut.at !== 'request' || ++requests !== cut.n) return decide(request)
    life?.kill()
    return { state: 'drop', taken: true }
  })
  const own = join(folder, 'bevy-bridge.yaml')
  const overlay = join(folder, 'torture.yaml')
  writeFileSync(own, stringify(config))
  const load = createLoad({ cwd: folder, env: {} })
  const user = await settingsOf(load, [own])
  const writeOverlay = (number: number, timeout: number): void => {
    const place = { folder, secret: SECRET, timeout, urlOf: (name: string) => sinks.urlOf(name, number) }
    writeFileSync(overlay, stringify(makeOverlay(user, place)))
  }
  let url: string | undefined
  const poster = createPoster({ header: 'X-BEVY-SECRET', secret: SECRET, url: () => url })
  try {
    writeOverlay(1, 5000)
    const settings = await settingsOf(load, [own, overlay])
    life = await startLife({
      command,
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: cache },
      folder,
      files: [own, overlay],
      killAt: { at: cut.at === 'point' ? cut.n : 0 },
    })
    url = await life.ready
    const posted = url === undefined ? 0 : await playFirst(life, poster, () => writeOverlay(1, 5001))
    if (posted === bodies.length) {
      await Promise.race([life.ended, settled(settings, life)])
      life.stop()
    }
    const how = await life.ended
    if (how !== 'SIGKILL' && how !== 0) throw new Error(`the first life ended with ${how}:\n${life.tail()}`)
    url = undefined
    const found = await openCopy(storeOf(folder), join(folder, 'copy'))
    const state = {
      acknowledged: poster.acknowledged.length,
      stored: found?.journal.tail ?? 0,
      indexed: found?.index.indexed ?? 0,
      taken: sinks.taken.length,
    }
    const booksAt = new Map(found === undefined ? [] : [[1, await readBooks(found)] as const])

    writeOverlay(2, 5000)
    await playLast(await settingsOf(load, [own, overlay]), poster, posted, (next) => (url = next))
    if (sinks.odd.length > 0) throw new Error(sinks.odd.join('\n'))
    const openStore = async (): Promise<StoreReader> => {
      const reader = await openCopy(storeOf(folder), join(folder, 'copy'))
      if (reader === undefined) throw new Error('there is no store')
      return reader
    }
    const ledger = await account({ settings, sinks, poster, booksAt }, { folder, clock: systemClock, openStore })
    const point = how === 0 ? undefined : cut.at === 'point' ? endedAt(folder) : 'at a sink'
    const rowsCut = readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) =>
      name.includes('.csv.cut-'),
    )
    return { cut: point, ledger, state: { ...state, rowsCut } }
  } finally {
    life?.kill()
    poster.close()
    await sinks.close()
  }
}

/** Posts until the bridge is dead; gives how many were acknowledged. */
async function playFirst(life: Life, poster: Poster, changeConfig: () => void): Promise<number> {
  for (const [index, body] of bodies.entries()) {
    if (index === RELOAD_BEFORE) {
      changeConfig()
      life.reload()
      await life.said('config reloaded')
    }
    const answer = await poster.post(Buffer.from(body))
    if (!('status' in answer) || answer.status !== 200) return index
  }
  return bodies.length
}

/** A second life, in this process: posts what is left, as Bevy would, and everything settles. */
async function playLast(settings: Settings, poster: Poster, from: number, open: (url: string) => void): Promise<void> {
  const deps = { clock: systemClock, log, version: 'crash', terminal: false, secretValues: () => {} }
  const bridge = await startBridge(settings, deps)
  try {
    open(bridge.url)
    for (const body of bodies.slice(from)) {
      const answer = await poster.post(Buffer.from(body))
      if (!('status' in answer) || answer.status !== 200) throw new Error('the second life took no delivery')
    }
    await settled(settings)
  } finally {
    await bridge.close(5000)
  }
}

/** Resolves when nothing is left to do, or the life has ended. */
async function settled({ admin, storage }: Settings, life?: Life): Promise<void> {
  let gone = false
  void life?.ended.then(() => (gone = true))
  // A killed one answers nothing, and that is no error.
  const forgive = (error: unknown): void => {
    if (life === undefined) throw error
  }
  const bridge = await connectAdmin(admin, storage.path).catch(forgive)
  while (!gone) {
    await new Promise((next) => setTimeout(next, 20))
    const report = await bridge?.status().catch(forgive)
    if (report === undefined || report.journal.indexed < report.journal.tail) continue
    if (report.destinations.every(({ lag, retrying }) => lag.deliveries === 0 && retrying === 0)) return
  }
}

async function settingsOf(load: ReturnType<typeof createLoad>, files: readonly string[]): Promise<Settings> {
  const loaded = await load(files)
  if (loaded.ok) return loaded.settings
  throw new Error(JSON.stringify(loaded.problems))
}

/** A store as it lies on the disk, read from a copy of its files into memory; undefined when there is none yet. */
async function openCopy(store: string, copy: string): Promise<StoreReader | undefined> {
  const name = 'bevy-bridge.db'
  if (!existsSync(join(store, name))) return undefined
  mkdirSync(copy, { recursive: true })
  for (const file of [name, `${name}-wal`]) {
    if (existsSync(join(store, file))) cpSync(join(store, file), join(copy, file))
    else writeFileSync(join(copy, file), '')
  }
  const db = new DatabaseSync(join(copy, name))
  const rows = db.prepare('SELECT key, value FROM items').all() as { key: string; value: Uint8Array }[]
  db.close()
  const memory: Store = createMemoryStore(new Map(rows.map(({ key, value }) => [key, value])))
  const deps = { store: memory, clock: systemClock, log, alerts: { raise: (): void => {} } }
  const journal = await createJournal(memory, deps)
  const index = await createIndexer({ ...deps, journal })
  return { journal, index, books: await readAllBooks(deps), close: async () => {} }
}
