import { describe, expect, it } from 'vitest'
import { createAlerts, type BridgeAlerts } from '../../src/alerts/alerts.ts'
import type { Channel } from '../../src/alerts/channel.ts'
import type { AlertMessage } from '../../src/core/alerts/text.ts'
import { DestinationError, StoreError, TransportError } from '../../src/core/errors.ts'
import { delivered, reject, type Outcome } from '../../src/core/plugin-contract.ts'
import type { AlertSettings } from '../../src/core/settings.ts'
import { createHandClock, settleAll, type HandClock } from '../kit/clock.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createMemoryStore } from '../kit/memory-store.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SECRET = 'canary-secret-1f7a'

type Answer = Outcome | Error | 'hangs'

/** A channel that answers by script, then takes everything. */
interface FakeChannel extends Channel {
  readonly taken: AlertMessage[]
  readonly script: Answer[]
  closed: boolean
}

function fakeChannel(): FakeChannel {
  const channel: FakeChannel = {
    taken: [],
    script: [],
    closed: false,
    async send(message, signal) {
      const answer = channel.script.shift() ?? delivered()
      if (answer === 'hangs') {
        await new Promise((_resolve, reject_) => signal.addEventListener('abort', () => reject_(signal.reason)))
      }
      if (answer instanceof Error) throw answer
      if ((answer as Outcome).state === 'delivered') channel.taken.push(message)
      return answer as Outcome
    },
    async close() {
      channel.closed = true
    },
  }
  return channel
}

const slack = { kind: 'slack', webhookUrl: 'https://hooks.slack.com/x' } as const
const settingsOf = (names: string[], notify: AlertSettings['notify'] = {}): AlertSettings => ({
  channels: Object.fromEntries(names.map((name) => [name, { ...slack, webhookUrl: `${slack.webhookUrl}/${name}` }])),
  notify,
  rules: { interval: HOUR, perHour: 20, grace: MINUTE, remind: 24 * HOUR, late: HOUR, silence: undefined },
})

/** One life after the other over one store; each begins after its grace unless told otherwise. */
function bench(names = ['ops'], notify: AlertSettings['notify'] = {}) {
  const data = new Map<string, Uint8Array>()
  const clock: HandClock = createHandClock()
  const log = createMemoryLog()
  const channels = new Map<string, FakeChannel>()
  const lives: BridgeAlerts[] = []
  const start = async (settings = settingsOf(names, notify), { grace = false } = {}) => {
    const store = createMemoryStore(data)
    for (const name of Object.keys(settings.channels)) channels.set(name, channels.get(name) ?? fakeChannel())
    const alerts = await createAlerts(settings, {
      store,
      clock,
      log,
      secrets: () => [SECRET],
      createChannel: (name) => channels.get(name) as FakeChannel,
    })
    lives.push(alerts)
    if (!grace) await clock.advance(MINUTE)
    return { alerts, store }
  }
  return {
    clock,
    log,
    data,
    channels,
    start,
    channel: (name = 'ops') => channels.get(name) as FakeChannel,
    told: (name = 'ops') =>
      (channels.get(name)?.taken ?? []).map(({ state, cause, subject }) => `${state} ${cause} ${subject}`),
    queued: () => [...data.keys()].filter((key) => key.startsWith('alert:')),
    lines: (event: string) => log.lines.filter((line) => line.event === event),
  }
}

const paused = { cause: 'destination:paused', subject: 'crm', message: 'crm is paused: answered 401' }

describe('alerts', () => {
  it('go to the log at once and to every channel, and nothing of them stays behind', async () => {
    const { start, told, log, queued } = bench(['ops', 'pager'])
    const { alerts } = await start()
    alerts.raise(paused)
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', event: 'alert: crm is paused: answered 401' })
    await settleAll()
    alerts.recovered({ cause: 'destination:paused', subject: 'crm' })
    await settleAll()
    const both = ['raised destination:paused crm', 'recovered destination:paused crm']
    expect([told('ops'), told('pager')]).toEqual([both, both])
    expect(queued()).toEqual([])
    await alerts.close()
  })

  it('of a destination go where its notify says, all others everywhere', async () => {
    const { start, clock, told } = bench(['ops', 'community'], {
      crm: { paused: ['ops'], dead: ['community'] },
      relay: { paused: [] },
    })
    const { alerts } = await start()
    alerts.raise(paused)
    alerts.raise({ ...paused, subject: 'relay' })
    alerts.raise({ cause: 'dead', subject: 'crm', message: 'crm gave up a job' })
    alerts.raise({ cause: 'destination:degraded', subject: 'other', message: 'other fails' })
    await clock.advance(30 * MINUTE)
    expect(told('ops')).toEqual(['raised destination:paused crm', 'raised destination:degraded other'])
    expect(told('community')).toEqual(['raised dead crm', 'raised destination:degraded other'])
    await alerts.close()
  })

  it('carry no secret and no address', async () => {
    const { start, channel, data } = bench()
    const { alerts } = await start()
    alerts.raise({ ...paused, message: `refused ${SECRET} of ada@example.org ${'x'.repeat(5000)}` })
    await alerts.flushed()
    const stored = [...data.values()].map((bytes) => new TextDecoder().decode(bytes)).join('\n')
    await settleAll()
    for (const text of [JSON.stringify(channel().taken), stored]) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('ada@')
      expect(text.length).toBeLessThan(8000)
    }
    await alerts.close()
  })

  it('survive a restart: what was told is not told again, what was not taken is sent', async () => {
    const { start, clock, told, channel, queued } = bench()
    const first = await start()
    first.alerts.raise(paused)
    await settleAll()
    channel().script.push('hangs')
    first.alerts.raise({ cause: 'bevy-api', subject: 'bevy', message: 'it refuses the token' })
    await settleAll()
    expect(queued()).toHaveLength(1)
    await first.alerts.close()
    await clock.advance(1)
    const second = await start(undefined, { grace: true })
    await settleAll()
    expect(told()).toEqual(['raised destination:paused crm', 'raised bevy-api bevy'])
    second.alerts.raise(paused)
    await clock.advance(2 * MINUTE)
    expect(told()).toHaveLength(2)
    expect(queued()).toEqual([])
    // Still paused, but the API was not complained of again.
    second.alerts.observe({
      destinations: [{ name: 'crm', state: 'paused', age: null }],
      disk: { free: 9, minFree: 1 },
      silent: 0,
    })
    await settleAll()
    expect(told().slice(2)).toEqual(['recovered bevy-api bevy'])
    second.alerts.observe({
      destinations: [{ name: 'crm', state: 'running', age: null }],
      disk: { free: 9, minFree: 1 },
      silent: 0,
    })
    await settleAll()
    expect(told().slice(3)).toEqual(['recovered destination:paused crm'])
    await second.alerts.close()
  })

  it('what a look has found goes to the log once', async () => {
    const { start, log, told } = bench()
    const { alerts } = await start()
    const look = { destinations: [], disk: { free: 150e6, minFree: 100e6 }, silent: 0 }
    alerts.observe(look)
    alerts.observe(look)
    await settleAll()
    expect(told()).toEqual(['raised disk:low storage'])
    expect(log.lines.filter(({ event }) => event.startsWith('alert: '))).toHaveLength(1)
    await alerts.close()
  })

  it('a state that cannot be read begins anew and says so', async () => {
    const { start, data, told, lines } = bench()
    const first = await start()
    first.alerts.raise(paused)
    await settleAll()
    await first.alerts.close()
    for (const key of data.keys()) data.set(key, new TextEncoder().encode('{"odd":1}'))
    const { alerts } = await start()
    expect(lines('a document of the alerts cannot be read and is left out')).toHaveLength(2)
    alerts.raise(paused)
    await settleAll()
    expect(told()).toHaveLength(2)
    await alerts.close()
  })
})

describe('a channel in trouble', () => {
  it('is tried three times more, then given up for this message, and blocks no other', async () => {
    const { start, clock, told, channel, lines, queued } = bench(['ops', 'pager'])
    const { alerts } = await start()
    const away = new TransportError('ERR_HTTP_REFUSED', 'the connection was refused', { sent: false })
    channel('ops').script.push(away, away, away, away)
    alerts.raise(paused)
    await settleAll()
    expect([told('ops'), told('pager')]).toEqual([[], ['raised destination:paused crm']])
    await clock.advance(72_000)
    expect(lines('alert not sent')).toEqual([
      expect.objectContaining({ level: 'error', facts: expect.objectContaining({ channel: 'ops', tries: 4 }) }),
    ])
    expect(queued()).toEqual([])
    alerts.raise({ ...paused, subject: 'relay' })
    await settleAll()
    expect(told('ops')).toEqual(['raised destination:paused relay'])
    await alerts.close()
  })

  it('that is back at the third try has it', async () => {
    const { start, clock, told, channel } = bench()
    const { alerts } = await start()
    channel().script.push(new Error('odd'), { state: 'retry', reason: 'answered 429', after: 30_000 })
    alerts.raise(paused)
    await clock.advance(2_000)
    await clock.advance(29_000)
    expect(told()).toEqual([])
    await clock.advance(1_000)
    expect(told()).toEqual(['raised destination:paused crm'])
    await alerts.close()
  })

  it('that refuses one message takes the next', async () => {
    const { start, told, channel, lines } = bench()
    const { alerts } = await start()
    channel().script.push(reject('answered 400'))
    alerts.raise(paused)
    alerts.raise({ ...paused, subject: 'relay' })
    await settleAll()
    expect(told()).toEqual(['raised destination:paused relay'])
    expect(lines('alert not sent')).toHaveLength(1)
    await alerts.close()
  })

  it('that is wrong for good is given up until a reload', async () => {
    const { start, told, channel, lines, queued } = bench(['ops', 'pager'])
    const { alerts } = await start()
    channel('ops').script.push(new DestinationError('answered 404: it knows nothing at this address'))
    alerts.raise(paused)
    alerts.raise({ ...paused, subject: 'relay' })
    await settleAll()
    expect([told('ops'), told('pager').length]).toEqual([[], 2])
    expect(lines('alert channel given up until the config is reloaded')).toHaveLength(1)
    expect(queued()).toEqual([])
    alerts.apply(settingsOf(['ops', 'pager']))
    await settleAll()
    expect([channel('ops').closed, channel('pager').closed]).toEqual([true, false])
    alerts.raise({ ...paused, subject: 'other' })
    await settleAll()
    expect(told('ops')).toEqual(['raised destination:paused other'])
    await alerts.close()
  })

  it('a reload that takes it away forgets what waits for it, one that changes it sends it on', async () => {
    const { start, clock, told, channel, channels, queued } = bench(['ops', 'pager'])
    const { alerts } = await start()
    for (const name of ['ops', 'pager']) channel(name).script.push('hangs')
    alerts.raise(paused)
    await settleAll()
    expect(queued()).toHaveLength(2)
    channels.set('next', fakeChannel())
    alerts.apply({ ...settingsOf([]), channels: { pager: { ...slack, webhookUrl: 'https://hooks.slack.com/new' } } })
    await clock.advance(1)
    expect([told('ops'), told('pager')]).toEqual([[], ['raised destination:paused crm']])
    expect(queued()).toEqual([])
    await alerts.close()
  })
})

describe('a store in trouble', () => {
  it('keeps no alert from people, and what could not be kept is kept later', async () => {
    const { start, clock, told, data, lines } = bench()
    const { alerts, store } = await start()
    store.before = () => {
      throw new StoreError('ERR_STORE_FULL', 'the disk is full')
    }
    alerts.raise({ cause: 'store', subject: 'indexer', message: 'the disk is full' })
    await clock.advance(MINUTE)
    expect(told()).toEqual(['raised store indexer'])
    expect(lines('alerts could not be kept').length).toBeGreaterThan(0)
    store.before = undefined
    await clock.advance(15_000)
    expect([...data.keys()].some((key) => key.startsWith('alerting:open:'))).toBe(true)
    await alerts.close()
  })

  it('that hangs keeps none from people either', async () => {
    const { start, clock, told } = bench()
    const { alerts, store } = await start()
    let free = (): void => {}
    store.before = () => new Promise((resolve) => (free = resolve))
    alerts.raise(paused)
    await clock.advance(4_999)
    expect(told()).toEqual([])
    await clock.advance(1)
    expect(told()).toEqual(['raised destination:paused crm'])
    store.before = undefined
    free()
    await alerts.close()
  })
})
