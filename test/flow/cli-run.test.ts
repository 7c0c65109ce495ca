/** `reconcile` and `seed`: what they ask the bridge, what they print, how they end. */

import { describe, expect, it } from 'vitest'
import type { CliDeps } from '../../src/cli/deps.ts'
import { formatStatus } from '../../src/cli/format-status.ts'
import { PLAIN } from '../../src/cli/text.ts'
import type { BridgeAccess } from '../../src/core/dispatch/actions.ts'
import type { StatusReport } from '../../src/core/dispatch/reports.ts'
import type { ReconcileStatus, RunReport, RunStarted } from '../../src/core/reconcile/reports.ts'
import { createHandClock } from '../kit/clock.ts'
import { fakeQueries, runTestCli } from '../kit/cli.ts'

const NOW = Date.UTC(2026, 2, 1)
const DAY = 86_400_000

const STARTED: RunStarted = {
  id: 'r1',
  kind: 'reconcile',
  dryRun: false,
  since: NOW - DAY,
  until: NOW,
  types: ['event', 'attendee'],
  live: true,
}
const RUN: RunReport = {
  ...STARTED,
  startedAt: NOW,
  state: 'running',
  requests: 3,
  left: 2,
  counts: { attendee: { same: 4, differs: 1, missing: 2, outside: 5, newer: 0, unusable: 0, taken: 3 } },
  problems: {},
}
const DONE: RunReport = { ...RUN, state: 'done', endedAt: NOW }
const joins = { waiting: 0, fetched: 0, absent: 0 }

/** A bridge whose run is looked at so often before it has ended. */
function bridge(looks: readonly Partial<ReconcileStatus>[], started: RunStarted = STARTED) {
  const asked: [string, unknown][] = []
  let look = 0
  const begin = (name: string) => async (input: unknown) => {
    asked.push([name, input])
    return started
  }
  const given: Partial<BridgeAccess> = {
    reconcile: begin('reconcile'),
    seed: begin('seed'),
    cancelRun: async () => ({ cancelled: looks.length > 0 }),
    reconciliation: async () => ({ access: true, joins, ...looks[Math.min(look++, looks.length - 1)] }),
  }
  const clock = createHandClock(NOW)
  // Waiting moves the time on by itself.
  const deps: Partial<CliDeps> = {
    connectAdmin: async () => fakeQueries(given),
    clock: {
      ...clock,
      timer(ms, fn) {
        void clock.advance(ms).then(fn)
        return () => {}
      },
    },
  }
  return {
    asked,
    run: (line: string, more: Partial<CliDeps> = {}) => runTestCli(line.split(' '), { ...deps, ...more }),
  }
}

describe('reconcile', () => {
  it('waits for the end, tells how far it is, and prints what was found', async () => {
    const trouble = { since: NOW, reason: 'GET /event/ answered 503', nextTry: NOW }
    const { asked, run } = bridge([...Array.from({ length: 11 }, () => ({ run: RUN, trouble })), { last: DONE }])
    const { code, out, err } = await run('reconcile --since 1d --until 2026-02-28 --type event,attendee')
    expect([code, asked]).toEqual([
      0,
      [['reconcile', { since: NOW - DAY, until: NOW - 1, types: ['event', 'attendee'] }]],
    ])
    expect(err).toMatch(
      /begins now(.|\n)*3 requests, 3 records taken in, 2 lists known to be left; waits: GET \/event\/ answered 503/,
    )
    expect(out).toMatch(/reconcile r1 done(.|\n)*attendee +1 +2 +3 +4 +5 +0 +0/)
  })

  it('counts with a dry run, and says in JSON what it says in words', async () => {
    const { asked, run } = bridge([{ last: { ...DONE, dryRun: true } }], { ...STARTED, dryRun: true })
    const { out } = await run('reconcile --dry-run --json')
    expect(JSON.parse(out)).toMatchObject({ id: 'r1', dryRun: true, counts: { attendee: { missing: 2 } } })
    expect(asked).toEqual([['reconcile', { dryRun: true }]])
  })

  it('ends with 1 when something was passed over, or somebody ended it', async () => {
    const problems = { 'GET /chapter/{id}/member/ answered 403': 2 }
    expect(await bridge([{ last: { ...DONE, problems } }]).run('reconcile')).toMatchObject({
      code: 1,
      out: expect.stringContaining('passed over 2 times: GET /chapter/{id}/member/ answered 403'),
    })
    expect((await bridge([{ last: { ...DONE, state: 'cancelled' } }]).run('reconcile')).code).toBe(1)
    expect((await bridge([{ run: { ...RUN, id: 'other' } }]).run('reconcile')).code).toBe(1)
  })

  it('leaves the run to the bridge when it is told to, interrupted, or no bridge runs', async () => {
    expect(await bridge([]).run('reconcile --detach')).toMatchObject({
      code: 0,
      out: expect.stringContaining('begins now'),
    })
    const signal = AbortSignal.abort()
    expect(await bridge([{ run: RUN }]).run('reconcile', { signal })).toMatchObject({
      code: 0,
      err: expect.stringContaining('goes on in the bridge'),
    })
    expect(await bridge([], { ...STARTED, live: false }).run('reconcile')).toMatchObject({
      code: 0,
      out: expect.stringContaining('begins when the bridge starts'),
    })
  })

  it('ends a run', async () => {
    expect((await bridge([{}]).run('reconcile --cancel')).code).toBe(0)
    expect((await bridge([]).run('seed --cancel')).code).toBe(1)
  })

  it.each(['reconcile --since soon', 'seed --until tomorrow', 'reconcile --type user', 'reconcile --type event,'])(
    'wrong usage: %s',
    async (line) => {
      const { asked, run } = bridge([])
      expect([(await run(line)).code, asked]).toEqual([2, []])
    },
  )
})

it('seed asks for a seed', async () => {
  const { asked, run } = bridge([{ last: { ...DONE, kind: 'seed' } }], { ...STARTED, kind: 'seed', since: null })
  const { code, err } = await run('seed --type event')
  expect([code, asked]).toEqual([0, [['seed', { types: ['event'] }]]])
  expect(err).toContain('seed r1 of event, attendee up to 2026-03-01')
})

it('status tells of access, trouble, runs and an outage that lost deliveries', () => {
  const report = {
    state: 'running',
    version: '1',
    runtime: 'node',
    journal: { first: 1, tail: 0, indexed: 0, quarantined: 0 },
    receiver: [],
    unmatched: {},
    stale: {},
    destinations: [],
  } as StatusReport
  const lines = (reconcile?: ReconcileStatus): string => formatStatus({ ...report, reconcile }, NOW, PLAIN)
  expect(lines()).not.toContain('bevy api')
  const text = lines({
    access: true,
    joins: { waiting: 1, fetched: 2, absent: 3 },
    nextAt: NOW,
    trouble: { since: NOW, reason: 'GET /event/ answered 503', nextTry: NOW },
    run: RUN,
    last: DONE,
    lost: { since: NOW - DAY, until: NOW },
  })
  expect(text).toMatch(/configured, missing records: 2 fetched, 1 waiting, 3 not to be had, next reconcile 2026-03-01/)
  expect(text).toMatch(
    /fails since .* answered 503(.|\n)*reconcile r1: 3 requests(.|\n)*last reconcile r1(.|\n)*deliveries were lost from 2026-02-28/,
  )
})
