/** Which config was in force for which deliveries, so that what a wrong one did can be found and redone. */

import { z } from 'zod'
import { coerceError } from '../core/errors.ts'
import { comparePositions, formatPosition } from '../core/positions.ts'
import type { Clock, Log, Store, StoreOp } from '../core/ports.ts'
import type { Position } from '../core/types.ts'
import { keys } from './documents.ts'

const position = z.object({ seq: z.number().int().nonnegative(), n: z.number().int().nonnegative() })

const reloadDocument = z.object({ at: z.number(), hash: z.string(), cursors: z.record(z.string(), position) })

/** Configs remembered. */
const MOST = 100

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

interface Taken {
  /** Of the config that is in force from now on. */
  readonly hash: string
  readonly cursors: Readonly<Record<string, Position>>
  /** It comes with a start: a restart with the same config is no news. */
  readonly start: boolean
}

/**
 * Keeps the time, the config's hash and all cursors, and prints for each destination the `replay` that would redo what was read since
 * the config before came into force. Never rejects: a full disk must not keep a config out.
 */
export async function noteReload({ hash, cursors, start }: Taken, { store, clock, log }: Deps): Promise<void> {
  try {
    const known = await store.keys('reloads')
    const newest = known.at(-1)
    const parsed = newest === undefined ? undefined : reloadDocument.safeParse(await store.get(newest))
    const before = parsed?.success === true ? parsed.data : undefined
    if (start && before?.hash === hash) return
    const at = clock.now()
    const old = known.slice(0, Math.max(0, known.length + 1 - MOST)).filter((key) => key !== keys.reload(at))
    await store.commit([
      ...old.map((key): StoreOp => ({ op: 'remove', key })),
      { op: 'set', key: keys.reload(at), value: { at, hash, cursors } },
    ])
    for (const [destination, to] of Object.entries(cursors)) {
      const from = before?.cursors[destination]
      if (before === undefined && start) continue
      log.info(start ? 'config changed since the last start' : 'config reloaded', {
        destination,
        hash: hash.slice(0, 12),
        from: formatPosition(to),
        ...(from === undefined ? {} : redo(destination, from, to)),
      })
    }
  } catch (error) {
    log.warn('the change of the config could not be noted', { reason: coerceError(error).message })
  }
}

/** The line that sends again what was read under the config before. */
function redo(destination: string, from: Position, to: Position): { redo?: string } {
  if (comparePositions(from, to) >= 0) return {}
  const last = to.n === 0 ? to.seq - 1 : to.seq
  return { redo: `bevy-bridge replay ${destination} --from ${from.seq} --to ${last}` }
}
