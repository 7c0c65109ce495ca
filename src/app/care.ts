/** Hands what people do to a bridge the parts that do it. */

import type { BridgeAccess, BridgeActions, CareQueries, DeadDetail } from '../core/dispatch/actions.ts'
import { coerceError } from '../core/errors.ts'
import type { Pace } from '../core/ports.ts'
import { toJob } from '../core/dispatch/to-job.ts'
import type { IndexedRecord, JsonObject } from '../core/types.ts'
import { createDeadOperations, type ShowDead } from '../dispatcher/dead-operations.ts'
import { createOperations, type Rooms } from '../dispatcher/operations.ts'
import { createScopes } from '../dispatcher/scopes.ts'
import { createPace } from '../http/pace.ts'
import { createQuarantine } from '../indexer/quarantine.ts'
import { createDoctorOperations } from './doctoring.ts'
import { createAnswers, type Parts } from './queries.ts'
import { createRunOperations } from './reconciling.ts'
import { backUp } from './retaining.ts'
import { createSender, stateless } from './senders.ts'

/** All that can be asked of a bridge and done to it. */
export function createAccess(parts: Parts): BridgeAccess {
  const answers = createAnswers(parts)
  return { ...answers, ...createCare(parts), ...createDoctorOperations(parts, answers.status) }
}

type Care = Omit<CareQueries & BridgeActions, keyof ReturnType<typeof createDoctorOperations>>

function createCare(parts: Parts): Care {
  const { store, journal, indexer, clock, log, settings, erasures, live } = parts
  const rooms: Rooms = {
    store,
    journal,
    index: indexer,
    clock,
    log,
    live: live !== undefined,
    settings,
    running: (name) => live?.supervisor.dispatcher(name),
    alone: (name, fn) => (live === undefined ? fn() : live.supervisor.alone(name, fn)),
    forgive: (slot) => live?.forgive(slot),
  }
  return {
    ...createOperations(rooms),
    ...createDeadOperations(rooms, (name, dead) => show(name, dead, parts)),
    ...createQuarantine({ store, journal, clock, log }),
    planErasure: (input) => erasures.plan(input),
    erasures: () => erasures.list(),
    erase: (input) => erasures.erase(input),
    giveUpErasure: ({ id }) => erasures.giveUp(id),
    backup: ({ to }) => backUp(parts, to, live !== undefined),
    ...createRunOperations({ store, clock, log, settings, reconciler: live?.reconciler }),
  }
}

type Shown = Pick<DeadDetail, 'preview' | 'problem'>

/** What is sent for a dead letter, by the plugin's own preview. */
async function show(name: string, dead: Parameters<ShowDead>[1], parts: Parts): Promise<Shown> {
  const { store, indexer, version, clock, log, settings } = parts
  const destination = settings().destinations.find((one) => one.name === name)
  if (destination === undefined) return { problem: `${name} is not in the config` }
  const data = dead.data ?? (await indexer.heads([dead.key]))[0]?.data
  if (data === undefined) return { problem: 'its record is gone' }
  const { key, type, recordId: id, position, since, attempts, redriven, routes, replay } = dead
  const record: IndexedRecord = {
    key,
    type,
    id,
    position,
    data: data as JsonObject,
    verdict: 'accepted',
    version: null,
    hash: '',
  }
  try {
    const { scope } = await createScopes(indexer, settings()).of(record, since)
    const job = toJob({
      record,
      position,
      receivedAt: since,
      scope,
      routes,
      storeId: store.id,
      slot: name,
      attempts: Math.max(0, attempts - 1),
      redriven,
      replay,
    })
    // Nothing is sent, so it has a pace of its own.
    const paceOf = (): Pace => createPace({ rate: undefined, bucketRate: undefined }, clock)
    const sender = await createSender(destination, stateless(), {
      storeId: store.id,
      version,
      clock,
      log,
      settings,
      paceOf,
    })
    try {
      if (sender.preview === undefined) return { problem: `the plugin ${destination.plugin.name} shows no preview` }
      return { preview: await sender.preview([job]) }
    } finally {
      await sender.close?.()
    }
  } catch (error) {
    return { problem: coerceError(error).message }
  }
}
