/** The verbs that care for what went wrong: what they ask the bridge, what they print, how they end. */

import { describe, expect, it } from 'vitest'
import type { CliDeps } from '../../src/cli/deps.ts'
import type { BridgeAccess, DeadDone, DeadLetter, QuarantineItem } from '../../src/core/dispatch/actions.ts'
import { BridgeError } from '../../src/core/errors.ts'
import { fakeQueries, runTestCli } from '../kit/cli.ts'

const NOW = Date.UTC(2026, 2, 1)
const DAY = 86_400_000

/** Notes every call and answers with what is given. */
function bridge(answers: { readonly [Name in keyof BridgeAccess]?: unknown }) {
  const asked: [string, unknown][] = []
  const given = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      async (input: unknown) => {
        asked.push([name, input])
        if (answer instanceof Error) throw answer
        return answer
      },
    ]),
  ) as Partial<BridgeAccess>
  const deps: Partial<CliDeps> = { connectAdmin: async () => fakeQueries(given) }
  const run = (line: string) =>
    runTestCli(line.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/^'|'$/g, '')) ?? [], deps)
  return { asked, run }
}

const LETTER: DeadLetter = {
  id: 'crm:0000000000012-0000001',
  destination: 'crm',
  key: 'attendee:2600',
  position: { seq: 12, n: 1 },
  at: NOW,
  cause: 'refused',
  reason: 'no such property',
  attempts: 3,
}
const DONE: DeadDone = { done: 2, destinations: { crm: 2 }, notes: ['crm: 2 go again'] }
const ITEM: QuarantineItem = {
  id: '12.3',
  receivedAt: NOW,
  code: 'ERR_RECORD_ID',
  reason: 'it has no `id`',
  type: 'user',
}

describe('wrong usage ends with 2 before the bridge is asked', () => {
  it.each([
    'pause',
    'skip crm',
    'skip crm --to soon',
    'forget',
    'dead remove',
    'dead show',
    'dead redrive',
    'dead redrive crm:1 --all',
    'dead discard crm:1',
    'dead list --limit 0',
    'quarantine show',
    'quarantine retry',
    'quarantine retry 1 --all',
    'quarantine discard 1',
    'replay crm',
    'replay crm --from yesterday',
    `replay crm --from 1 --where '{'`,
  ])('%s', async (line) => {
    const { asked, run } = bridge({})
    expect([(await run(line)).code, asked]).toEqual([2, []])
  })
})

describe('pause and resume', () => {
  const report = { name: 'crm', before: null, live: true }
  it('say what is so now', async () => {
    const { asked, run } = bridge({ pause: { ...report, state: 'paused' }, resume: { ...report, state: 'running' } })
    expect(await run(`pause crm --why 'new list'`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('crm is paused.'),
    })
    expect(await run('resume crm')).toMatchObject({ code: 0, out: 'crm was not paused\n' })
    expect(asked).toEqual([
      ['pause', { name: 'crm', why: 'new list' }],
      ['resume', { name: 'crm' }],
    ])
  })
  it('say so when no bridge runs', async () => {
    const offline = fakeQueries({ pause: async () => ({ ...report, state: 'paused', live: false }) })
    let closed = false
    const deps: Partial<CliDeps> = {
      connectAdmin: async () => undefined,
      openOffline: async () => Object.assign(offline, { close: async () => void (closed = true) }),
    }
    expect((await runTestCli(['pause', 'crm'], deps)).out).toContain('from the next start on: no bridge runs now')
    expect(closed).toBe(true)
  })
  it('end with 1 when there is no such destination', async () => {
    const { run } = bridge({ pause: new BridgeError('config', 'ERR_NO_DESTINATION', 'there is no destination "x"') })
    expect(await run('pause x')).toMatchObject({ code: 1, err: expect.stringContaining('ERR_NO_DESTINATION') })
  })
})

describe('what gives something up needs --yes', () => {
  const skipped = { name: 'crm', from: { seq: 3, n: 1 }, to: { seq: 9, n: 2 }, deliveries: 6, waiting: 2 }
  const held = { name: 'old', plugin: 'webhook', position: { seq: 9, n: 0 }, waiting: 1, dead: 2 }
  it.each<[string, string, unknown, string]>([
    ['skip crm --to 9.2', 'planSkip', { name: 'crm', to: { seq: 9, n: 2 } }, 'would go from 3 to 9#2: 6 deliveries'],
    ['skip crm --to now', 'planSkip', { name: 'crm', to: 'now' }, '2 waiting jobs are given up'],
    ['skip crm --to 9 --yes', 'skip', { name: 'crm', to: { seq: 9, n: 0 } }, 'went from 3'],
    ['forget old', 'planForget', { name: 'old' }, 'old (webhook) holds: at delivery 9, 1 jobs waiting, 2 dead letters'],
    ['forget old --yes', 'forget', { name: 'old' }, 'is forgotten'],
  ])('%s', async (line, call, input, text) => {
    const answers = { planSkip: skipped, skip: skipped, planForget: held, forget: { ...held, documents: 7 } }
    const { asked, run } = bridge(answers)
    const { code, out, err } = await run(line)
    expect(asked).toEqual([[call, input]])
    expect(out).toContain(text)
    expect([code, err]).toEqual(line.includes('--yes') ? [0, ''] : [1, 'nothing was changed; --yes does it\n'])
  })
})

describe('dead', () => {
  it('list asks for what was named and prints a table', async () => {
    const { asked, run } = bridge({ deadLetters: { letters: [LETTER], total: 5 } })
    const { code, out } = await run('dead list crm --reason property --limit 1')
    expect(asked).toEqual([['deadLetters', { destination: 'crm', reason: 'property', limit: 1 }]])
    expect(code).toBe(0)
    expect(out).toContain('2026-03-01 00:00:00Z  crm:0000000000012-0000001  attendee:2600  refused')
    expect(out).toContain('the newest 1 of 5')
  })
  it('show tells every attempt, and ends with 1 for an unknown one', async () => {
    const detail = {
      ...LETTER,
      routes: ['to-crm'],
      since: NOW - DAY,
      redriven: false,
      replay: false,
      needs: [],
      history: [{ at: NOW, reason: '503' }],
      preview: [{ method: 'POST' }],
    }
    const { asked, run } = bridge({ deadLetter: detail })
    const { out } = await run('dead show crm:1 --data')
    expect(asked).toEqual([['deadLetter', { id: 'crm:1', data: true }]])
    expect(out).toMatch(/no such property[^]*2026-03-01 00:00:00Z {2}503[^]*"method": "POST"/)
    expect(await bridge({ deadLetter: undefined }).run('dead show crm:1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('crm:1'),
    })
  })
  it.each<[string, string, unknown]>([
    ['dead redrive crm:1', 'redrive', { id: 'crm:1' }],
    ['dead redrive --destination crm --reason 503', 'redrive', { destination: 'crm', reason: '503' }],
    ['dead redrive --all', 'redrive', {}],
    ['dead discard --reason test --why tests', 'discardDead', { reason: 'test', why: 'tests' }],
  ])('%s', async (line, call, input) => {
    const { asked, run } = bridge({ redrive: DONE, discardDead: DONE })
    expect((await run(line)).code).toBe(0)
    expect(asked).toEqual([[call, input]])
  })
  it('prints what happens to them, and ends with 1 when none fits', async () => {
    expect((await bridge({ redrive: DONE }).run('dead redrive --all')).out).toBe('redriven: 2\ncrm: 2 go again\n')
    const none = bridge({ redrive: { done: 0, destinations: {}, notes: [] } })
    expect(await none.run('dead redrive --all')).toMatchObject({ code: 1, out: 'no dead letter fits\n' })
  })
})

describe('quarantine', () => {
  it('list, show, and --json', async () => {
    const { run } = bridge({ quarantine: { items: [ITEM], total: 1 }, quarantined: { ...ITEM, data: { a: 1 } } })
    expect((await run('quarantine list')).out).toContain(
      '12.3  2026-03-01 00:00:00Z  a record of type user  ERR_RECORD_ID',
    )
    expect((await run('quarantine show 12.3 --data')).out).toContain('"a": 1')
    expect(JSON.parse((await run('quarantine list --json')).out)).toEqual({ items: [ITEM], total: 1 })
  })
  it.each<[string, string, unknown, number]>([
    ['quarantine retry 12.3', 'retryQuarantined', { id: '12.3' }, 0],
    ['quarantine retry --all', 'retryQuarantined', {}, 0],
    ['quarantine discard --reason JSON --why tests', 'discardQuarantined', { reason: 'JSON', why: 'tests' }, 1],
  ])('%s', async (line, call, input, code) => {
    const { asked, run } = bridge({
      retryQuarantined: { done: [{ id: '12.3', seq: 40 }], failed: [] },
      discardQuarantined: { done: [], failed: [{ id: '1', reason: 'disk full' }] },
    })
    expect([(await run(line)).code, asked]).toEqual([code, [[call, input]]])
  })
})

describe('replay', () => {
  it.each<[string, object]>([
    ['--from 12 --to 30', { from: { seq: 12 }, to: { seq: 30 } }],
    ['--from beginning', { from: 'beginning' }],
    ['--from 36h', { from: { at: NOW - 1.5 * DAY } }],
    ['--from 2026-02-01 --to 2026-02-02', { from: { at: NOW - 28 * DAY }, to: { at: NOW - 26 * DAY - 1 } }],
    ['--from 2026-02-28T23:00Z --to 2026-03-01T02:00+02:00', { from: { at: NOW - 3_600_000 }, to: { at: NOW } }],
    ['--from 1 --type event,attendee --event 9001', { from: { seq: 1 }, types: ['event', 'attendee'], event: '9001' }],
    [
      `--from 1 --where '{ record: { status: registered } }'`,
      { from: { seq: 1 }, where: { record: { status: 'registered' } } },
    ],
  ])('%s', async (line, input) => {
    const { asked, run } = bridge({ replay: { name: 'crm', id: 'r1', from: 1, to: 2, mode: 'every', live: true } })
    expect(await run(`replay crm ${line}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('replay r1 of deliveries 1 to 2 begins now'),
    })
    expect(asked).toEqual([['replay', { name: 'crm', ...input }]])
  })
  it('--dry-run counts, --cancel ends', async () => {
    const { asked, run } = bridge({
      planReplay: {
        name: 'crm',
        mode: 'latest',
        from: 1,
        to: 9,
        deliveries: 9,
        jobs: 4,
        waits: 1,
        byType: { user: 4 },
      },
      cancelReplays: { ended: 1, dropped: 3 },
    })
    expect((await run('replay crm --from 1 --dry-run')).out).toMatch(
      /hold 4 records.*user 4\n1 of them wait.*\nnothing was sent/,
    )
    expect((await run('replay crm --cancel')).out).toBe('crm: 1 replays ended, 3 jobs of theirs dropped\n')
    expect(asked.map(([name]) => name)).toEqual(['planReplay', 'cancelReplays'])
  })
})
