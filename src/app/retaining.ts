/** Hands retention the parts that keep things, and makes backups. */

import type { Alerts, Clock, Journal, Log, Store } from '../core/ports.ts'
import type { BackupReport, KeptReport } from '../core/retention/report.ts'
import type { Holder } from '../core/retention/rules.ts'
import type { Settings } from '../core/settings.ts'
import { readHolders } from '../dispatcher/kept.ts'
import type { Supervisor } from '../dispatcher/supervisor.ts'
import type { Indexer } from '../indexer/indexer.ts'
import { entryCutOps, entrySizes, quarantineHolder, sweepEntries } from '../indexer/kept.ts'
import { createRetention, reportKept, type Retention } from '../retention/retention.ts'
import { makeBackup } from '../storage/backup-folder.ts'

interface Parts {
  readonly store: Store
  readonly journal: Journal
  readonly indexer: Indexer
  readonly clock: Clock
  readonly log: Log
  settings(): Settings
}

/** Makes the retention of a running bridge. */
export function openRetention(
  parts: Parts & { readonly alerts: Alerts; readonly supervisor: Supervisor; busy(): boolean },
): Retention {
  const { store, indexer, supervisor, settings } = parts
  return createRetention({
    ...parts,
    ...lookOf(parts),
    entries: {
      cutOps: entryCutOps,
      sizes: (from, limit) => entrySizes(store, from, limit),
      sweep: (first) => sweepEntries(store, first),
    },
    sets: (timeOf) => [
      ...indexer.kept(timeOf),
      // What orphans keep goes with `forget`.
      ...settings().destinations.flatMap(({ name }) => supervisor.dispatcher(name)?.kept() ?? []),
    ],
  })
}

/** How far back the store goes, its size, and who holds the journal. */
export function readKept(parts: Parts): Promise<KeptReport> {
  return reportKept({ ...parts, ...lookOf(parts) })
}

function lookOf({ store, journal, indexer, settings }: Parts) {
  return {
    settings: () => settings().retention,
    indexed: () => indexer.indexed,
    async holders(): Promise<readonly Holder[]> {
      const configured = new Set(
        settings().destinations.flatMap(({ name, was }) => (was === undefined ? [name] : [name, was])),
      )
      const body = await quarantineHolder(store, journal.first)
      return [...(await readHolders(store, configured)), ...(body === undefined ? [] : [body])]
    },
  }
}

/** Makes a backup; `to`: the folder for it. */
export async function backUp(
  { store, journal, clock, log, settings }: Parts,
  to: string | undefined,
  live: boolean,
): Promise<BackupReport> {
  const began = clock.monotonic()
  const { path, minFree } = settings().storage
  const { folder, bytes } = await makeBackup(store, { path, to, now: clock.now(), minFree })
  const duration = Math.round(clock.monotonic() - began)
  log.info('backed up', { folder, bytes, duration })
  return { folder, bytes, duration, tail: journal.tail, live }
}
