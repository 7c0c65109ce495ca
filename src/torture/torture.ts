/** A torture run: lives of the real bridge that end in every way, between a Bevy and destinations that behave badly; then the accounts. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { coerceError, BridgeError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import type { StatusReport } from '../core/dispatch/reports.ts'
import type { Settings, StorageSettings } from '../core/settings.ts'
import type { LedgerBooks } from '../core/torture/facts.ts'
import { planRounds } from '../core/torture/plan.ts'
import type { TortureOptions, TortureReport } from '../core/torture/report.ts'
import { createBevy, type Play } from './bevy.ts'
import { account, peek, settle } from './ending.ts'
import type { StoreReader } from './facts.ts'
import { startLife } from './life.ts'
import { createMoods } from './moods.ts'
import { makeOverlay } from './overlay.ts'
import { createPoster } from './post.ts'
import { runRounds } from './rounds.ts'
import { shorten } from './shorten.ts'
import { startSinks } from './sinks.ts'

/** What it needs of the rest of the program. No edge imports another: main hands it in. */
export interface TortureDeps {
  readonly clock: Clock
  /** Ends the run early; the accounts are settled all the same. */
  readonly signal: AbortSignal
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Runs a bridge with faults: folder of faults, then config files. */
  readonly command: readonly [string, ...string[]]
  readonly play: Play
  /** The config of these files; rejects with a BridgeError when it cannot be used. */
  load(files: readonly string[]): Promise<Settings>
  openStore(settings: StorageSettings): Promise<StoreReader>
  /** Undefined when no bridge runs with these settings. */
  status(settings: Settings): Promise<StatusReport | undefined>
  /** Told what goes on, now and then. */
  progress(line: string): void
}

/** After every so many lives the books on disk are looked at. */
const PEEK_EVERY = 3
/** Of an attempt, milliseconds; slow answers take less. */
const TIMEOUT = 5_000

/** Tortures a copy of these settings. Rejects with a BridgeError when it cannot even begin. */
export async function torture(own: Settings, options: TortureOptions, deps: TortureDeps): Promise<TortureReport> {
  if (own.storage.driver !== 'sqlite') {
    const message = `storage.driver "${own.storage.driver}" may lose deliveries by design; torture needs "sqlite"`
    throw new BridgeError('config', 'ERR_TORTURE_DRIVER', message)
  }
  const folder = await mkdtemp(join(tmpdir(), 'bevy-bridge-torture-'))
  const began = deps.clock.monotonic()
  let keep = true
  try {
    const { ledger, posts, happened } = await run(own, options, { ...deps, folder })
    keep = ledger.broken.length > 0 || happened.failures.length > 0
    const elapsed = Math.round(deps.clock.monotonic() - began)
    return { ...options, elapsed, ...happened, posts, ledger, ...(keep && { folder }) }
  } catch (error) {
    throw new BridgeError('store', 'ERR_TORTURE', `the run broke off, see ${folder}: ${coerceError(error).message}`, {
      cause: error,
    })
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true })
  }
}

async function run(own: Settings, options: TortureOptions, deps: TortureDeps & { readonly folder: string }) {
  const { clock, folder, signal } = deps
  const moods = createMoods(
    options.seed,
    own.destinations.map(({ name }) => name),
  )
  const sinks = await startSinks(moods.decide)
  const overlay = join(folder, 'torture.yaml')
  const files = [...own.files, overlay]
  const secret = `torture-${options.seed}`
  const writeOverlay = (life: number, timeout: number): Promise<void> => {
    const place = { folder, secret, timeout, urlOf: (name: string) => sinks.urlOf(name, life) }
    return writeFile(overlay, stringify(makeOverlay(own, place)))
  }
  await writeOverlay(1, TIMEOUT)
  const settings = shorten(await deps.load(files))
  let url: string | undefined
  const poster = createPoster({ header: settings.receiver.secretHeader, secret, url: () => url })
  const bevy = createBevy({ poster, clock, play: deps.play })
  const booksAt = new Map<number, ReadonlyMap<string, LedgerBooks>>()
  const start = async (life: number, killAt?: Parameters<typeof startLife>[0]['killAt']) => {
    await writeOverlay(life, TIMEOUT)
    return startLife({ ...deps, files, killAt })
  }
  const open = (next: string | undefined): void => {
    url = next
  }

  try {
    const rounds = planRounds(options)
    deps.progress(`${rounds.length} lives in ${Math.round(options.duration / 1000)} s, in ${folder}`)
    let told = clock.monotonic()
    const happened = await runRounds(rounds, {
      folder,
      clock,
      signal,
      bevy,
      moods,
      start,
      open,
      reload: (life) => writeOverlay(life, TIMEOUT + 1),
      async ended(life) {
        const books = life % PEEK_EVERY === 0 ? await peek(settings, deps) : undefined
        if (books !== undefined) booksAt.set(life, books)
        if (clock.monotonic() - told < 10_000) return
        told = clock.monotonic()
        deps.progress(
          `life ${life} of ${rounds.length}: ${poster.acknowledged.length} acknowledged, ${sinks.taken.length} taken`,
        )
      },
    })
    moods.calm()
    const failures = [
      ...happened.failures,
      ...(await settle(settings, { ...deps, start, open, bevy, life: rounds.length + 1 })),
    ]
    const ledger = await account({ settings, sinks, poster, booksAt }, deps)
    failures.push(...sinks.odd.map((one) => `a sink could not read a request: ${one}`))
    return { ledger, posts: poster.posts, happened: { ...happened, failures } }
  } finally {
    bevy.end()
    poster.close()
    await sinks.close()
  }
}
