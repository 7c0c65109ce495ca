import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import * as bridge from '../../src/plugin.ts'
import { createTestState, makeJob, PERSONAL, testPlugin, type PluginHarness } from '../../src/testing.ts'

const { definePlugin, outcomeOf, perJob, secret, z } = bridge

/** A lone file outside of any package, as a person would have it. */
const outside = await mkdtemp(join(tmpdir(), 'lone-plugin-'))
await cp(resolve(import.meta.dirname, '../../config/examples/custom-plugin.ts'), join(outside, 'guestbook.ts'))
const lone = (await import(pathToFileURL(join(outside, 'guestbook.ts')).href)) as {
  default(contract: typeof bridge): bridge.Plugin
}
afterAll(() => rm(outside, { recursive: true, force: true }))

testPlugin({ describe, it }, lone.default(bridge), {
  validOptions: { url: 'https://example.org/', token: 'guestbook-token', line: '{{ record.first_name }}' },
  invalidOptions: [{ url: 'https://example.org/' }, { url: 'nowhere', token: 'x', line: '' }],
})

const harness: PluginHarness = { validOptions: { url: 'https://example.org/', token: 'a-good-secret' } }
const options = z.strictObject({ url: z.url().describe('Where.'), token: secret().describe('The token.') })

type Options = { readonly url: string; readonly token: string }

function pluginOf(overrides: object): bridge.Plugin {
  const good = definePlugin({
    name: 'good',
    description: 'Sends to a place.',
    options,
    create: ({ url }, { http }) => ({
      send: (jobs, { signal }) =>
        perJob(jobs, async (job) => outcomeOf(await http.request({ url, body: job.recordId, signal }))),
    }),
  })
  return { ...good, ...overrides } as bridge.Plugin
}

/** A plugin whose sender is replaced or added to. */
function senderOf(make: (settings: Options, context: bridge.PluginContext) => object): bridge.Plugin {
  const good = pluginOf({})
  return pluginOf({
    create: async (settings: Options, context: bridge.PluginContext) => ({
      ...(await good.create(settings, context)),
      ...make(settings, context),
    }),
  })
}

/** Names of the promises a plugin breaks. */
async function brokenPromises(plugin: bridge.Plugin, with_: PluginHarness = harness): Promise<string[]> {
  const promises: [string, () => void | Promise<void>][] = []
  const register = (name: string, fn: () => void | Promise<void>): void => void promises.push([name, fn])
  const skip = (): void => {}
  testPlugin({ describe: (_, fn) => fn(), it: Object.assign(register, { skip }) }, plugin, with_)
  const broken: string[] = []
  for (const [name, fn] of promises) {
    try {
      await fn()
    } catch {
      broken.push(name)
    }
  }
  return broken
}

const request = (context: bridge.PluginContext, { url }: Options, job: bridge.Job, signal?: AbortSignal) =>
  context.http.request({ url, body: job.recordId, ...(signal === undefined ? {} : { signal }) })

const breakers: [string, bridge.Plugin, RegExp][] = [
  ['has no description', pluginOf({ description: '' }), /says what it does/],
  [
    'leaves an option undescribed',
    pluginOf({ options: z.strictObject({ url: z.url(), token: secret().describe('x') }) }),
    /describes every option/,
  ],
  [
    'leaves its token unmarked',
    pluginOf({ options: z.strictObject({ url: z.url().describe('x'), token: z.string().describe('x') }) }),
    /marks its secrets/,
  ],
  [
    'takes any option',
    pluginOf({ options: z.object({ url: z.url().describe('x'), token: secret().describe('x') }) }),
    /refuses bad ones/,
  ],
  ['gathers batches of none', pluginOf({ defaults: { batch: { size: 0, wait: 0 } } }), /defaults that make sense/],
  ['forgets outcomes', senderOf(() => ({ send: async () => [bridge.delivered()] })), /one outcome each/],
  [
    'ignores the abort',
    senderOf((settings, context) => ({
      send: async (jobs: bridge.Job[]) => {
        for (const job of jobs) await request(context, settings, job)
      },
    })),
    /ends soon when it is aborted while/,
  ],
  [
    'retries by itself',
    senderOf((settings, context) => ({
      send: (jobs: bridge.Job[], { signal }: bridge.Attempt) =>
        perJob(jobs, async (job) => {
          const first = await request(context, settings, job, signal)
          return outcomeOf(first.status < 500 ? first : await request(context, settings, job, signal))
        }),
    })),
    /does not retry a 500/,
  ],
  [
    'takes any answer for a yes',
    senderOf((settings, context) => ({
      send: async (jobs: bridge.Job[], { signal }: bridge.Attempt) => {
        for (const job of jobs) await request(context, settings, job, signal)
      },
    })),
    /does not retry a 500/,
  ],
  [
    'calls a lost answer a delivery',
    senderOf((settings, context) => ({
      send: async (jobs: bridge.Job[], { signal }: bridge.Attempt) => {
        const [job] = jobs
        if (job !== undefined) await request(context, settings, job, signal).catch(() => {})
      },
    })),
    /says unknown when an answer was lost/,
  ],
  [
    'lets one job spoil the rest',
    senderOf((settings, context) => ({
      send: async (jobs: bridge.Job[], { signal }: bridge.Attempt) => {
        const answers = []
        for (const job of jobs) answers.push(outcomeOf(await request(context, settings, job, signal)))
        const bad = answers.find(({ state }) => state === 'reject')
        return bad === undefined ? answers : answers.map(() => bad)
      },
    })),
    /keeps one job's failure/,
  ],
  [
    'keeps state unsaid',
    senderOf((_, { state }) => ({ send: async () => state.set('seen', { n: 1 }) })),
    /keeps state only when it says so/,
  ],
  [
    'cannot close twice',
    senderOf(() => {
      let isClosed = false
      const close = async (): Promise<void> => {
        if (isClosed) throw new Error('closed before')
        isClosed = true
      }
      return { close }
    }),
    /closes, more than once/,
  ],
  [
    'logs a person',
    senderOf((_, { log }) => ({
      send: async (jobs: bridge.Job[]) => jobs.forEach(({ data }) => log.info('sent', { to: String(data.email) })),
    })),
    /one outcome each/,
  ],
  [
    'logs its token',
    senderOf(({ token }, { log }) => ({ send: async () => log.info(`sent with ${btoa(`x:${token}`)}`) })),
    /one outcome each/,
  ],
  [
    'previews its token',
    senderOf(({ token }) => ({ preview: () => [{ headers: { authorization: token } }] })),
    /previews without sending/,
  ],
  [
    'sends when it previews',
    senderOf((settings, context) => ({
      preview: async () => {
        await request(context, settings, makeJob())
        return []
      },
    })),
    /previews without sending/,
  ],
  [
    'changes a job',
    senderOf(() => ({
      send: async (jobs: { data: { x?: number } }[]) => jobs.forEach(({ data }) => void (data.x = 1)),
    })),
    /one outcome each/,
  ],
  [
    'throws what says nothing',
    senderOf((settings, context) => ({
      send: async (jobs: bridge.Job[], { signal }: bridge.Attempt) => {
        for (const job of jobs) {
          const { status } = await request(context, settings, job, signal)
          if (status === 401) throw new Error('unauthorized')
        }
      },
    })),
    /throws only what says/,
  ],
]

describe('testPlugin', () => {
  it('is content with a good plugin', async () => {
    expect(await brokenPromises(pluginOf({}))).toEqual([])
  })

  it.each(breakers)('notices a plugin that %s', async (_, plugin, promise) => {
    expect(await brokenPromises(plugin)).toContainEqual(expect.stringMatching(promise))
  })

  it('knows what is personal in its own samples', () => {
    const { data } = makeJob()
    for (const field of ['first_name', 'last_name', 'email']) expect(PERSONAL).toContain(data[field])
  })
})

describe('the test state', () => {
  it('keeps through a crash what was committed or flushed, and no more', async () => {
    const state = createTestState()
    state.set('a', { n: 1 })
    state.settle()
    state.flush()
    state.set('b', { n: 2 })
    await state.commit()
    state.set('c', { n: 3 })
    state.settle()
    state.set('d', { n: 4 })
    expect(state.entries().map(([key]) => key)).toEqual(['a', 'b', 'c', 'd'])
    const next = state.crash()
    expect(next.entries()).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ])
    expect(() => state.set('e', {})).toThrow('ended')
  })

  it('forgets what a failed send staged, keeps what a failed flush held', () => {
    const state = createTestState(new Map([['a', { n: 1 }]]))
    state.set('a', undefined)
    state.drop()
    expect(state.get('a')).toEqual({ n: 1 })
    state.set('a', undefined)
    state.settle()
    state.beforeCommit = () => {
      throw new Error('disk full')
    }
    expect(() => state.flush()).toThrow('disk full')
    state.beforeCommit = undefined
    state.flush()
    expect(state.crash().entries()).toEqual([])
  })
})
