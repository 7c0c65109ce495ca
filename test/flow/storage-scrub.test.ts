import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import type { Store, StoreOp } from '../../src/core/ports.ts'
import { createSeededRandom } from '../../src/core/seeded-random.ts'
import { openStore } from '../../src/storage/open.ts'
import { scrubSlice } from '../../src/storage/sqlite/scrub.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { thrownBy } from '../kit/thrown.ts'

const makeFolder = useTemporaryFolders()
const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

const open = async (path: string): Promise<Store> => {
  const store = await openStore({ driver: 'sqlite', path, unsafe: false, minFree: 0 }, { log: createMemoryLog() })
  opened.push(store)
  return store
}

/** Marks in the files of a store that no value has any more. */
function leftOvers(path: string, live: ReadonlyMap<string, string>): string[] {
  const files = ['bevy-bridge.db', 'bevy-bridge.db-wal']
    .map((name) => join(path, name))
    .filter((file) => existsSync(file))
  const bytes = files.map((file) => readFileSync(file).toString('latin1')).join('')
  const known = new Set(live.values())
  return [...bytes.matchAll(/MARK-\d+-\d+#/g)].map(([mark]) => mark).filter((mark) => !known.has(mark))
}

/** Overwrites and removes values of all sizes, until pages have been split and joined many times. */
async function churn(store: Store, live: Map<string, string>): Promise<void> {
  const { next: random } = createSeededRandom(7)
  for (let round = 0; round < 15; round++) {
    const ops: StoreOp[] = []
    for (let n = 0; n < 1000; n++) {
      const id = Math.floor(random() * 3000)
      const key = `head:${String((id * 7919) % 3000).padStart(5, '0')}`
      if (random() < 0.2) {
        live.delete(key)
        ops.push({ op: 'remove', key })
        continue
      }
      const mark = `MARK-${id}-${round * 1000 + n}#`
      const filling = 'x'.repeat(Math.floor(random() * (random() < 0.9 ? 1800 : 30_000)))
      live.set(key, mark)
      ops.push({ op: 'setRaw', key, value: Buffer.from(mark + filling + mark) })
    }
    await store.commit(ops)
  }
}

it('leaves no byte of what was removed or written over, and all else as it was, while commits go on', async () => {
  const path = makeFolder()
  const store = await open(path)
  const live = new Map<string, string>()
  await churn(store, live)
  expect(leftOvers(path, live).length).toBeGreaterThan(0)
  const during = Array.from({ length: 20 }, (_, n) => store.commit([{ op: 'set', key: `other:${n}`, value: n }]))
  await Promise.all([store.scrub?.(), ...during])
  expect(leftOvers(path, live)).toEqual([])
  const removed = [...live.keys()].filter((_, index) => index % 2 === 0)
  for (const key of removed) live.delete(key)
  await store.commit(removed.map((key) => ({ op: 'remove', key })))
  await store.scrub?.()
  expect(leftOvers(path, live)).toEqual([])
  for (const [key, mark] of live)
    expect(
      Buffer.from((await store.getRaw(key)) ?? [])
        .toString()
        .startsWith(mark),
    ).toBe(true)
  expect(await store.keys('other')).toHaveLength(20)
  await store.close()
  const db = new DatabaseSync(join(path, 'bevy-bridge.db'))
  expect(db.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
  db.close()
})

it('refuses while another program reads, and works afterwards', async () => {
  const path = makeFolder()
  const store = await open(path)
  await store.commit([{ op: 'set', key: 'a:1', value: 1 }])
  const reader = new DatabaseSync(join(path, 'bevy-bridge.db'), { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM items').get()
  await store.commit([{ op: 'set', key: 'a:1', value: 2 }])
  expect(await thrownBy(Promise.resolve(store.scrub?.()))).toMatchObject({ code: 'ERR_STORE_SCRUB' })
  reader.exec('COMMIT')
  reader.close()
  await store.scrub?.()
  expect(await store.get('a:1')).toBe(2)
})

it('goes from the end of a large file to its start, slice by slice', () => {
  const file = join(makeFolder(), 'large.db')
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA page_size=512; PRAGMA auto_vacuum=incremental; PRAGMA synchronous=OFF;
    CREATE TABLE items (key INTEGER PRIMARY KEY, value BLOB)`)
  db.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO items SELECT i, zeroblob(400) FROM n`,
  )
  db.close()
  const nexts: (number | null)[] = []
  for (let before: number | null = null; ;) {
    const { next } = scrubSlice(file, before)
    nexts.push(next)
    if (next === null) break
    before = next
  }
  expect(nexts).toHaveLength(3)
  expect(nexts[0]).toBeGreaterThan(nexts[1] as number)
  const again = new DatabaseSync(file)
  expect(again.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
  again.close()
  rmSync(file)
})
