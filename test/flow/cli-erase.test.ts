/** The verb that forgets a person: what it asks the bridge, what it prints, how it ends. */

import { describe, expect, it } from 'vitest'
import type { BridgeAccess } from '../../src/core/dispatch/actions.ts'
import { NO_COUNTS, type ErasurePlan, type ErasureReport } from '../../src/core/erasure/report.ts'
import { fakeQueries, runTestCli } from '../kit/cli.ts'

const PLAN: ErasurePlan = {
  accounts: 1,
  addresses: 2,
  counts: { bodies: 3, records: 4, heads: 5, sent: 6 },
  unopened: 1,
  shared: 1,
  destinations: [
    { name: 'crm', plugin: 'hubspot', tells: true },
    { name: 'news', plugin: 'slack', tells: false },
  ],
}
const REPORT: ErasureReport = {
  id: 'e1',
  by: 'hand',
  at: Date.UTC(2026, 2, 1),
  state: 'telling',
  exports: false,
  accounts: 1,
  addresses: 2,
  counts: { ...NO_COUNTS, bodies: 3, dead: 1 },
  unopened: 0,
  shared: 0,
  destinations: [
    { name: 'crm', plugin: 'hubspot', state: 'pending', attempts: 2, reason: 'busy', due: Date.UTC(2026, 2, 1, 1) },
    { name: 'news', plugin: 'slack', state: 'cannot', attempts: 0, reason: 'the plugin slack cannot forget' },
  ],
  scrubbed: false,
  live: true,
}

async function run(line: string) {
  const asked: [string, unknown][] = []
  const answer =
    <T>(name: string, value: T) =>
    async (input: unknown): Promise<T> => {
      asked.push([name, input])
      return value
    }
  const bridge: Partial<BridgeAccess> = {
    planErasure: answer('planErasure', PLAN),
    erase: answer('erase', REPORT),
    erasures: answer('erasures', [REPORT]),
    giveUpErasure: answer('giveUpErasure', { ...REPORT, state: 'done', scrubbed: true }),
  }
  return {
    ...(await runTestCli(['erase', ...line.split(' ')], { connectAdmin: async () => fakeQueries(bridge) })),
    asked,
  }
}

describe('erase', () => {
  it('shows what would be found and changes nothing without --yes', async () => {
    const shown = await run('--email ada@example.org')
    expect(shown).toMatchObject({ code: 1, err: 'nothing was changed; --yes does it\n' })
    expect(shown.asked).toEqual([['planErasure', { email: 'ada@example.org' }]])
    expect(shown.out).toBe(
      '1 account, 2 addresses\n4 records in 3 deliveries, 5 heads, 6 states sent to destinations\n' +
        '1 record of other accounts with the same address stay; --email erases those too\n' +
        '1 body that cannot be opened were searched as they are\nwould be told: crm\ncannot forget: news\n',
    )
    expect(await run('--user 4 --yes --dry-run')).toMatchObject({ code: 0, asked: [['planErasure', { user: '4' }]] })
  })

  it('erases with it, and says who is still to be told', async () => {
    const done = await run('--user 4 --exports --yes')
    expect(done.asked).toEqual([['erase', { user: '4', exports: true }]])
    expect([done.code, done.err]).toEqual([0, ''])
    expect(done.out).toContain('3 bodies, 1 dead letters')
    expect(done.out).toMatch(/crm +pending after 2 attempts: busy, next 2026-03-01/)
    expect(done.out).toMatch(/news +cannot: the plugin slack cannot forget/)
    expect(JSON.parse((await run('--user 4 --yes --json')).out)).toEqual(REPORT)
  })

  it('lists, and gives up', async () => {
    expect(await run('--list')).toMatchObject({ code: 0, asked: [['erasures', {}]] })
    expect(await run('--give-up e1')).toMatchObject({ code: 1, asked: [] })
    expect(await run('--give-up e1 --yes')).toMatchObject({ code: 0, asked: [['giveUpErasure', { id: 'e1' }]] })
  })

  it.each(['--yes', '--user 4 --list', '--list --give-up e1', '--user'])('%s is wrong usage', async (line) => {
    expect(await run(line)).toMatchObject({ code: 2, asked: [] })
  })
})
