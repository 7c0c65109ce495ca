/** What the bridge learns about what it works with: how Bevy repeats, which secrets are used, which fields come. */

import { noEvidence } from '../core/bevy/evidence.ts'
import { inferRule, type RuleReport } from '../core/bevy/infer.ts'
import type { SecretUse } from '../core/doctor/report.ts'
import { coerceError } from '../core/errors.ts'
import type { Clock, IndexReader, Log, Store } from '../core/ports.ts'
import type { SeenFields } from '../core/records/fields.ts'
import { readFields, readRepeats } from './documents.ts'
import { openFieldWatch } from './field-watch.ts'
import { openRepeats, type Repeats } from './repeats.ts'
import { openSecretUses, readSecretUses } from './secret-uses.ts'

/** What was learnt. */
export interface Learnt {
  rule(): Promise<RuleReport>
  secrets(): Promise<SecretUse[]>
  fields(): Promise<ReadonlyMap<string, SeenFields>>
}

/** Learning at work. */
export interface Doctor extends Learnt, Pick<Repeats, 'startProbe' | 'endProbe' | 'probe'> {
  /** What the receiver tells. `used`: a delivery showed the secret of this place, from 0. */
  readonly hears: Pick<Repeats, 'refused' | 'instead'> & { used(place: number): void }
  /** Milliseconds the wall clock has moved more than time has passed. */
  jumped(): number
  close(): Promise<void>
}

/** Opens it for a running bridge. `secrets`: those accepted now, the same list until they change. */
export async function openDoctor(deps: {
  readonly store: Store
  readonly index: Pick<IndexReader, 'onIndexed' | 'read'>
  readonly clock: Clock
  readonly log: Log
  secrets(): readonly string[]
}): Promise<Doctor> {
  const { index, clock, log } = deps
  const started = clock.now() - clock.monotonic()
  const [repeats, uses, fields] = await Promise.all([openRepeats(deps), openSecretUses(deps), openFieldWatch(deps)])
  let failing = false

  const unsubscribe = index.onIndexed((seq) => {
    const wanted = fields.wants()
    if (!wanted && !repeats.waits) return
    index
      .read(seq)
      .then((delivery) => {
        failing = false
        if (delivery === undefined) return
        repeats.look(delivery)
        if (wanted) fields.look(delivery)
      })
      .catch((error: unknown) => {
        if (!failing) log.warn('a delivery could not be looked at', { seq, reason: coerceError(error).message })
        failing = true
      })
  })

  return {
    hears: { refused: repeats.refused, instead: repeats.instead, used: uses.used },
    jumped: () => Math.round(clock.now() - clock.monotonic() - started),
    startProbe: repeats.startProbe,
    endProbe: repeats.endProbe,
    probe: repeats.probe,
    rule: async () => repeats.report(),
    secrets: async () => uses.list(),
    fields: async () => fields.types,
    async close() {
      unsubscribe()
      await Promise.all([repeats.close(), uses.close(), fields.close()])
    },
  }
}

/** What was learnt in a store in which no bridge runs. */
export function readLearnt(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  secrets(): Promise<readonly string[]>
}): Learnt {
  const { store, clock, log, secrets } = deps
  return {
    rule: async () => inferRule((await readRepeats(store, log)) ?? noEvidence(clock.now())),
    secrets: async () => readSecretUses(store, log, await secrets(), clock.now()),
    fields: () => readFields(store, log),
  }
}
