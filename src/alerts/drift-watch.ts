import { DRIFT_RULES, watchFields, type DriftChange, type DriftRules } from '../core/alerts/drift.ts'
import { coerceError } from '../core/errors.ts'
import { isKnownType } from '../core/records/records.ts'
import type { Alerts, Clock, IndexReader, Log, Store } from '../core/ports.ts'
import type { IndexedDelivery } from '../core/types.ts'
import { keys, readDrift, toDriftDocument } from './documents.ts'

interface Deps {
  readonly store: Store
  readonly index: Pick<IndexReader, 'onIndexed' | 'read'>
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  readonly rules?: DriftRules
}

/** In a flood a sample is enough: at most one delivery in so many milliseconds, and so many records of it. */
const PAUSE = 20
const MOST_RECORDS = 100
const SAVE = 5 * 60_000

/** Looks at the fields of what is indexed, and raises `drift`. What it knows is kept, so that a restart need not learn anew. */
export async function watchDrift(deps: Deps): Promise<{ close(): Promise<void> }> {
  const { store, index, clock, log, alerts, rules = DRIFT_RULES } = deps
  const types = await readDrift(store, log)
  let lookedAt = -Infinity
  let dirty = false
  let failing = false

  const tell = ({ state, type, field, since }: DriftChange): void => {
    const subject = `${type}.${field}`
    if (state === 'back') return alerts.recovered?.({ cause: 'drift', subject })
    const time = new Date(since).toISOString().slice(0, 16).replace('T', ' ')
    const message =
      `\`${field}\` is missing in all records of type ${type} since ${time}Z; nearly all before carried it. Look at what changed in ` +
      'Bevy, and at the routes and mappings that read it'
    alerts.raise({ cause: 'drift', subject, message })
  }

  const look = ({ records, receivedAt, late }: IndexedDelivery): void => {
    // What the REST API gives has other fields than a webhook.
    if (late === true) return
    const usual = records.filter(({ verdict, type }) => verdict !== 'stale' && isKnownType(type)).slice(0, MOST_RECORDS)
    for (const [type, some] of Map.groupBy(usual, (record) => record.type)) {
      const changes = watchFields(
        types,
        type,
        some.map(({ data }) => data),
        receivedAt,
        rules,
      )
      for (const change of changes) tell(change)
      dirty = true
    }
  }

  const unsubscribe = index.onIndexed((seq) => {
    const now = clock.monotonic()
    if (now - lookedAt < PAUSE) return
    lookedAt = now
    index
      .read(seq)
      .then((delivery) => {
        if (delivery !== undefined) look(delivery)
        failing = false
      })
      .catch((error: unknown) => {
        if (!failing) log.warn('fields could not be looked at', { seq, reason: coerceError(error).message })
        failing = true
      })
  })

  const save = async (): Promise<void> => {
    if (!dirty) return
    dirty = false
    await store
      .commit([{ op: 'set', key: keys.drift, value: toDriftDocument(types) }])
      .catch((error: unknown) =>
        log.warn('what is known of fields could not be kept', { reason: coerceError(error).message }),
      )
  }
  let cancel = (): void => {}
  const plan = (): void => {
    cancel = clock.timer(SAVE, () => {
      void save()
      plan()
    })
  }
  plan()

  return {
    async close() {
      unsubscribe()
      cancel()
      await save()
    },
  }
}
