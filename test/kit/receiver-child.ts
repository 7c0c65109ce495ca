/**
 * A receiver in a process of its own, with a journal in memory, for tests on Node and Bun. Commands come as JSON lines on
 * stdin, each answered by one line `{ "answers": n, … }` on stdout. Settings come in the environment, as JSON.
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/clock.ts'
import type { NewDelivery } from '../../src/core/ports.ts'
import type { ReceiverSettings } from '../../src/core/settings.ts'
import { createReceiver } from '../../src/receiver/server.ts'
import { DEFAULT_TUNING, type Tuning } from '../../src/receiver/types.ts'
import { createMemoryLog } from './log.ts'

/** What the parent may ask. */
export type Command =
  /** `hold`: appends wait until told `ok` or `fail`. */
  | { readonly do: 'append'; readonly how: 'ok' | 'fail' | 'hold' }
  | { readonly do: 'storable'; readonly ok: boolean }
  | { readonly do: 'ready'; readonly ok: boolean }
  | { readonly do: 'secrets'; readonly secrets: readonly string[] }
  | { readonly do: 'reload'; readonly settings: ReceiverSettings }
  | { readonly do: 'drain'; readonly deadline: number }
  | { readonly do: 'stop' }
  | { readonly do: 'look' }

/** What `look` gives. */
export interface Look {
  readonly appended: readonly {
    readonly bytes: number
    readonly sha256: string
    readonly encoding?: string
    readonly contentType?: string
  }[]
  /** Appends asked for, also those held. */
  readonly asked: number
  readonly lines: readonly { readonly level: string; readonly event: string; readonly facts: Record<string, unknown> }[]
  readonly alerts: readonly { readonly cause: string; readonly message: string }[]
  readonly stats: {
    readonly requests: readonly { readonly answer: string; readonly reason: string; readonly count: number }[]
    readonly bytesInFlight: number
    readonly waiting: number
    readonly underWay: number
  }
  /** Most bytes promised to bodies at any time. */
  readonly peak: number
  readonly rss: number
}

const settings = JSON.parse(process.env.RECEIVER_SETTINGS ?? '{}') as ReceiverSettings
const tuning = { ...DEFAULT_TUNING, ...(JSON.parse(process.env.RECEIVER_TUNING ?? '{}') as Partial<Tuning>) }
const log = createMemoryLog()
const alerts: { cause: string; message: string }[] = []
const appended: Look['appended'][number][] = []
let asked = 0
let how: 'ok' | 'fail' | 'hold' = 'ok'
let storable = true
let ready = true
let secrets = settings.secrets
let held: (() => void)[] = []
let peak = 0

async function append(delivery: NewDelivery): Promise<{ seq: number }> {
  asked += 1
  peak = Math.max(peak, receiver.stats().bytesInFlight)
  const { bytes, encoding, contentType } = delivery
  if (how === 'hold') await new Promise<void>((resolve) => held.push(resolve))
  if (how === 'fail') throw new Error('the disk said no')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const facts = { ...(encoding !== undefined && { encoding }), ...(contentType !== undefined && { contentType }) }
  appended.push({ bytes: bytes.byteLength, sha256, ...facts })
  return { seq: appended.length }
}

const receiver = await createReceiver(
  settings,
  {
    append,
    storable: () => (storable ? { ok: true } : { ok: false, reason: 'the disk is nearly full' }),
    ready: () => ({ ok: ready }),
    secrets: () => secrets,
    deliveryId: (seq) => `d-${seq}`,
    clock: systemClock,
    log,
    alerts: { raise: ({ cause, message }) => void alerts.push({ cause, message }) },
  },
  tuning,
)

async function run(command: Command): Promise<object> {
  switch (command.do) {
    case 'append':
      how = command.how
      if (how !== 'hold') {
        for (const go of held) go()
        held = []
      }
      return {}
    case 'storable':
      storable = command.ok
      return {}
    case 'ready':
      ready = command.ok
      return {}
    case 'secrets':
      secrets = command.secrets
      return {}
    case 'reload':
      await receiver.reload(command.settings)
      return {}
    case 'drain':
      await receiver.drain(command.deadline)
      return {}
    case 'stop':
      await receiver.stop()
      return {}
    case 'look': {
      const lines = log.lines.map(({ level, event, facts }) => ({ level, event, facts: { ...facts } }))
      const look: Look = {
        appended,
        asked,
        lines,
        alerts,
        stats: receiver.stats(),
        peak,
        rss: process.memoryUsage().rss,
      }
      return look
    }
  }
}

const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, command } = JSON.parse(line) as { n: number; command: Command }
  run(command).then(
    (result) => say({ answers: n, result }),
    (error: unknown) => say({ answers: n, error: String(error) }),
  )
})
say({ port: receiver.port, url: receiver.url })
