/** Fetches and webhooks in any order: no record ever goes back to an older state, and in the end all is as Bevy has it. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { FakeBevy } from '../../src/bevy-api/bevy.fake.ts'
import type { RestApi } from '../../src/core/reconcile/rest.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { ACCESS, openReconciling, type Reconciling } from '../kit/reconciling.ts'

/** Something that happens at Bevy: a record changes, and its webhook comes or is lost. */
interface Change {
  readonly type: 'event' | 'attendee'
  readonly id: number
  readonly arrives: boolean
}

const change: fc.Arbitrary<Change> = fc.record({
  type: fc.constantFrom('event' as const, 'attendee' as const),
  id: fc.integer({ min: 1, max: 3 }),
  arrives: fc.boolean(),
})
/** Changes before a request, while its answer is on the way, and when that has been judged and goes into the journal. */
const moments = fc.array(
  fc.record({
    before: fc.array(change, { maxLength: 3 }),
    during: fc.array(change, { maxLength: 3 }),
    racing: fc.array(change, { maxLength: 2 }),
  }),
  {
    maxLength: 12,
  },
)

/** Bevy as a table of counters: each change counts up. Answers from memory, two records a page. */
function createWorld(
  script: readonly Readonly<Record<'before' | 'during' | 'racing', readonly Change[]>>[],
  start: number,
) {
  const rows = new Map<string, JsonObject>()
  let count = 0
  let request = 0
  let bench: Reconciling | undefined
  const happen = async (changes: readonly Change[]): Promise<void> => {
    for (const { type, id, arrives } of changes) {
      count += 1
      const stamp = new Date(start + count * 1000).toISOString()
      const facts =
        type === 'event'
          ? { title: String(count), updated_ts: stamp, created_ts: stamp }
          : { event_id: 1, first_name: String(count) }
      const row = { id, ...facts }
      rows.set(`${type}:${id}`, row)
      if (arrives) await bench?.webhook(type, row)
    }
  }
  const of = (type: string): JsonObject[] =>
    [...rows].filter(([key]) => key.startsWith(`${type}:`)).map(([, row]) => row)
  const api: RestApi = {
    async page(list, query) {
      const moment = script[request++]
      await happen(moment?.before ?? [])
      const all =
        list.state === 'events' ? of('event') : list.state === 'attendees' && list.event === '1' ? of('attendee') : []
      const page = Number(query['page'] ?? 1)
      // What the answer says is fixed here; what happens now it does not know.
      const records = structuredClone(all.slice((page - 1) * 2, page * 2))
      await happen(moment?.during ?? [])
      return {
        state: 'found',
        value: { records, ...(page * 2 < all.length ? { next: { page: String(page + 1) } } : {}) },
      }
    },
    async record(type, id) {
      const moment = script[request++]
      await happen(moment?.before ?? [])
      const row = structuredClone(rows.get(`${type}:${id}`))
      await happen(moment?.during ?? [])
      return row === undefined ? { state: 'none' } : { state: 'found', value: row }
    },
    async close() {},
  }
  const attach = (to: Reconciling): void => {
    bench = to
    to.racing = () => happen(script[request - 1]?.racing ?? [])
  }
  return { api, rows, happen, attach }
}

const counterOf = (data: JsonObject): number => Number(data['title'] ?? data['first_name'])

it('nothing older after newer, and all there in the end', async () => {
  const fake = { api: 'http://127.0.0.1:1/api', close: async () => {} } as FakeBevy
  await fc.assert(
    fc.asyncProperty(moments, fc.array(change, { maxLength: 5 }), async (script, first) => {
      const world = createWorld(script, Date.UTC(2026, 1, 28))
      const bench = await openReconciling({ fake, api: world.api, settings: ACCESS })
      world.attach(bench)
      try {
        // Attendees are found through their event.
        await world.happen([{ type: 'event', id: 1, arrives: false }, ...first])
        bench.reconciler.missing(['event:1', 'event:2'])
        await bench.reconciler.begin('reconcile', { since: 0 })
        await bench.ended()
        await bench.until(() => bench.reconciler.status().joins.waiting === 0)
        await bench.indexer.idle()
        // What was left of the script happens to a last run from start to end in silence.
        script.length = 0
        await bench.reconciler.begin('reconcile', { since: 0 })
        await bench.ended()
        await bench.until(() => bench.reconciler.status().run === undefined)
        const seen = new Map<string, number>()
        for (let seq = 1; seq <= bench.journal.tail; seq++) {
          for (const { key, data, verdict } of (await bench.indexer.read(seq))?.records ?? []) {
            if (verdict !== 'accepted') continue
            expect(counterOf(data)).toBeGreaterThan(seen.get(key) ?? 0)
            seen.set(key, counterOf(data))
          }
        }
        for (const [key, row] of world.rows) expect([key, await bench.headOf(key)]).toEqual([key, row])
      } finally {
        await bench.close()
      }
    }),
    { numRuns: 150 },
  )
})
