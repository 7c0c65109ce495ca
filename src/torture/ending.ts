/** How a run ends: the last life settles everything, then the accounts are made. */

import { cp, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../core/ports.ts'
import type { StatusReport } from '../core/dispatch/reports.ts'
import type { Settings, StorageSettings } from '../core/settings.ts'
import type { LedgerBooks } from '../core/torture/facts.ts'
import { settleAccounts, type Ledger } from '../core/torture/ledger.ts'
import type { Bevy } from './bevy.ts'
import { gatherFacts, readBooks, type StoreReader } from './facts.ts'
import type { Life } from './life.ts'
import { storeOf } from './overlay.ts'
import type { Poster } from './post.ts'
import { readRows } from './rows.ts'
import type { Sinks } from './sinks.ts'

const BEVY_WITHIN = 90_000
const SETTLE_WITHIN = 60_000
const LOOK_AGAIN = 50
/** A bigger store is not copied at every kill. */
const MOST_COPIED = 64_000_000

/** The last lives: Bevy ends, everything settles, they stop when told. Gives what went wrong. */
export async function settle(
  settings: Settings,
  ground: {
    readonly clock: Clock
    readonly bevy: Bevy
    /** The number of the first of them. */
    readonly life: number
    start(life: number): Promise<Life>
    open(url: string | undefined): void
    status(settings: Settings): Promise<StatusReport | undefined>
  },
): Promise<string[]> {
  const { clock, bevy } = ground
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.timer(ms, resolve))
  // A clean end first: what was set aside after too many deaths in a row goes on then.
  const first = await ground.start(ground.life)
  if ((await first.ready) !== undefined) first.stop()
  const end = await first.ended
  if (end !== 0) return [`the first life after all kills ended with ${end}:\n${first.tail()}`]
  const life = await ground.start(ground.life + 1)
  const url = await life.ready
  if (url === undefined) return [`the last life did not start (${await life.ended}):\n${life.tail()}`]
  ground.open(url)
  await within(bevy.done(), BEVY_WITHIN, clock)
  bevy.end()
  const until = clock.monotonic() + SETTLE_WITHIN
  while (clock.monotonic() < until && !isSettled(await ground.status(settings))) await pause(LOOK_AGAIN)
  life.stop()
  const how = await life.ended
  return how === 0 ? [] : [`the last life ended with ${how}:\n${life.tail()}`]
}

async function within(work: Promise<void>, ms: number, clock: Clock): Promise<void> {
  let cancel = (): void => {}
  await Promise.race([work, new Promise<void>((resolve) => (cancel = clock.timer(ms, resolve)))])
  cancel()
}

function isSettled(report: StatusReport | undefined): boolean {
  if (report === undefined || report.journal.indexed < report.journal.tail) return false
  return report.destinations.every(({ lag, retrying }) => lag.deliveries === 0 && retrying === 0)
}

/** What was seen from outside. */
export interface Seen {
  readonly settings: Settings
  readonly sinks: Sinks
  readonly poster: Poster
  readonly booksAt: ReadonlyMap<number, ReadonlyMap<string, LedgerBooks>>
}

interface Deps {
  readonly folder: string
  readonly clock: Clock
  openStore(settings: StorageSettings): Promise<StoreReader>
}

/** Makes the accounts. */
export async function account({ settings, sinks, poster, booksAt }: Seen, deps: Deps): Promise<Ledger> {
  const reader = await deps.openStore(settings.storage)
  try {
    const csv = settings.destinations.filter(({ plugin }) => plugin.name === 'csv')
    const rows = (await Promise.all(csv.map((destination) => readRows(deps.folder, destination)))).flat()
    const { acknowledged } = poster
    const evidence = { settings, reader, acknowledged, taken: sinks.taken, rows, booksAt, now: deps.clock.now() }
    return settleAccounts(await gatherFacts(evidence))
  } finally {
    await reader.close()
  }
}

/** The books as they stand on disk, read from a copy, so that the next life finds the store as the last one left it. */
export async function peek({ storage }: Settings, { folder, openStore }: Omit<Deps, 'clock'>) {
  const database = join(storeOf(folder), 'bevy-bridge.db')
  const sizes = await Promise.all(
    [database, `${database}-wal`].map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  if (sizes[0] === 0 || sizes.reduce((sum, size) => sum + size, 0) > MOST_COPIED) return undefined
  const path = join(folder, 'peek')
  await rm(path, { recursive: true, force: true })
  await mkdir(path)
  await cp(storeOf(folder), path, { recursive: true })
  const reader = await openStore({ ...storage, path })
  try {
    return await readBooks(reader)
  } finally {
    await reader.close()
  }
}
