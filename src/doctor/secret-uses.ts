import { createHmac } from 'node:crypto'
import type { SecretUse } from '../core/doctor/report.ts'
import type { Clock, Log, Store } from '../core/ports.ts'
import { keys, readSecrets, type KeptSecrets } from './documents.ts'
import { createKeeper } from './keeper.ts'

/** Notes when each secret was last used. */
export interface SecretUses {
  /** A delivery showed the secret of this place, from 0. One store into a list: called for each. */
  used(place: number): void
  list(): SecretUse[]
  close(): Promise<void>
}

const KEEP = 60_000
/** Secrets that are no longer configured, kept for when they come back. */
const MOST = 20

/** Tells a secret from others without telling it: 6 hex digits, others in every store. */
export function fingerprintOf(secret: string, storeId: string): string {
  return createHmac('sha256', `bevy-bridge secret ${storeId}`).update(secret).digest('hex').slice(0, 6)
}

/** Opens what is kept. `secrets`: those accepted now, always the same list until they change. */
export async function openSecretUses(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  secrets(): readonly string[]
}): Promise<SecretUses> {
  const { store, clock, log, secrets } = deps
  let kept = await readSecrets(store, log)
  let list = secrets()
  let uses: (number | undefined)[] = []
  const keeper = createKeeper({
    store,
    clock,
    log,
    key: keys.secrets,
    wait: KEEP,
    value: () => ({ v: 1, secrets: fold() }),
  })

  /** What was noted since, put to what is kept. */
  function fold(): KeptSecrets {
    const now = clock.now()
    const known = new Map(kept.map((one) => [one.fingerprint, one]))
    const current = list.map((secret, place) => {
      const fingerprint = fingerprintOf(secret, store.id)
      const before = known.get(fingerprint)
      known.delete(fingerprint)
      const last = uses[place] ?? before?.last
      return { fingerprint, since: before?.since ?? now, ...(last === undefined ? {} : { last }) }
    })
    kept = [...current, ...known.values()].slice(0, list.length + MOST)
    return kept
  }

  function follow(): void {
    const now = secrets()
    if (now === list) return
    fold()
    list = now
    uses = []
    keeper.changed()
  }

  fold()
  keeper.changed()
  return {
    used(place) {
      if (secrets() !== list) follow()
      uses[place] = clock.now()
      keeper.changed()
    },
    list() {
      follow()
      return toUses(fold().slice(0, list.length))
    },
    close: () => keeper.close(),
  }
}

/** Of a store in which no bridge runs. */
export async function readSecretUses(
  store: Store,
  log: Log,
  secrets: readonly string[],
  now: number,
): Promise<SecretUse[]> {
  const known = new Map((await readSecrets(store, log)).map((one) => [one.fingerprint, one]))
  return toUses(
    secrets.map((secret) => {
      const fingerprint = fingerprintOf(secret, store.id)
      return known.get(fingerprint) ?? { fingerprint, since: now }
    }),
  )
}

function toUses(list: KeptSecrets): SecretUse[] {
  return list.map((one, index) => ({ place: index + 1, ...one }))
}
