/** A database that is not what it was: refused with advice, and left as it is. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { coerceError } from '../../src/core/errors.ts'
import { mainPath, post, runtimePath, writeConfig } from '../kit/bridge-process.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { thrownBy } from '../kit/thrown.ts'
import { closeWholeBridges, openWhole, SECRET } from '../kit/faulty-bridge.ts'

const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

const config = {
  receiver: { host: '127.0.0.1', port: 0, secrets: [SECRET] },
  destinations: { export: { plugin: 'csv', batch: { wait: '1ms' }, options: { path: 'all.csv' } } },
  routes: [{ name: 'all', to: ['export'] }],
}
const DELIVERIES = 5
const DB = 'bevy-bridge.db'
type Files = ReadonlyMap<string, Buffer>
/** The database and its log: after a clean end, and as a kill leaves them. */
let closed: Files
let killed: Files
/** As a kill leaves them in the middle of a checkpoint: the first page is moved, the others are only in the log. */
let halfMoved: Files

function databaseIn(folder: string): Files {
  const names = readdirSync(join(folder, 'data')).filter((name) => name.startsWith(DB) && !name.endsWith('-shm'))
  return new Map(names.map((name) => [name, readFileSync(join(folder, 'data', name))]))
}

function layOut(files: Files): string {
  const folder = folders()
  mkdirSync(join(folder, 'data'))
  for (const [name, bytes] of files) writeFileSync(join(folder, 'data', name), bytes)
  return folder
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bevy-bridge-test-'))
  const receive = async (from: number, to: number) => {
    const whole = await openWhole(folder, config)
    for (let id = from; id <= to; id++) {
      const body = JSON.stringify([{ type: 'user', data: [{ id, text: 'x'.repeat(20_000) }] }])
      expect(await post(whole.url, body, { 'x-bevy-secret': SECRET })).toBe(200)
    }
    await whole.line(() => {
      const attempts = whole.log.lines.filter(({ event }) => event === 'attempt')
      return attempts.reduce((sum, { facts }) => sum + Number(facts['delivered']), 0) === to - from + 1
    })
    return whole
  }
  const first = await receive(1, DELIVERIES)
  const before = databaseIn(folder)
  await first.close()
  closed = databaseIn(folder)
  const page = 8192
  const moved = [closed.get(DB)?.subarray(0, page), before.get(DB)?.subarray(page)] as Buffer[]
  halfMoved = new Map([...before, [DB, Buffer.concat(moved)]])
  // A second life: its log holds only what is new, the database the rest.
  const whole = await receive(DELIVERIES + 1, DELIVERIES + 1)
  killed = databaseIn(folder)
  await whole.close()
  rmSync(folder, { recursive: true })
})

const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2)
const scribbled = (bytes: Buffer): Buffer => Buffer.concat([Buffer.alloc(4096, 'garbage '), bytes.subarray(4096)])

it.each<[string, (bytes: Buffer) => Buffer, () => Files]>([
  ['cut in half', half, () => closed],
  ['cut in half, its log left by a kill', half, () => killed],
  ['with its first page overwritten', scribbled, () => closed],
  ['empty', () => Buffer.alloc(0), () => closed],
  ['a file of another kind', () => Buffer.from('Dear diary, '.repeat(500)), () => closed],
])('a database %s is refused with advice, and no byte of it changes', async (_, damage, files) => {
  const damaged = new Map(files())
  damaged.set(DB, damage(damaged.get(DB) as Buffer))
  const folder = layOut(damaged)
  const error = coerceError(await thrownBy(openWhole(folder, config)))
  expect(error).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
  expect(error.message).toMatch(/Nothing was overwritten\. .*restore a backup or repair the copy/)
  expect(databaseIn(folder)).toEqual(damaged)
})

it('a log without its database is refused too: a new database would swallow it', async () => {
  const folder = layOut(new Map([...killed].filter(([name]) => name !== DB)))
  const before = databaseIn(folder)
  expect(before.size).toBe(1)
  expect(await thrownBy(openWhole(folder, config))).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
  expect(databaseIn(folder)).toEqual(before)
})

it.each([
  ['a kill leaves', () => killed],
  ['a kill leaves in the middle of a checkpoint', () => halfMoved],
])('what %s is whole', async (_, files) => {
  const folder = layOut(files())
  const whole = await openWhole(folder, config)
  await whole.close()
  expect(whole.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  expect(new DatabaseSync(join(folder, 'data', DB)).prepare('PRAGMA quick_check').get()).toEqual({ quick_check: 'ok' })
})

/** Lays out the closed store and changes it by SQL, as restoring part of a backup would. */
function restored(sql: string): string {
  const folder = layOut(closed)
  const db = new DatabaseSync(join(folder, 'data', DB))
  db.exec(sql)
  db.close()
  return folder
}

it.each([
  ['its cursors', `DELETE FROM items WHERE key LIKE 'journal:%:%4' OR key LIKE 'journal:%:%5'`, 'ERR_STORE_BEHIND'],
  [
    'its index',
    `DELETE FROM items WHERE key LIKE 'journal:%:%4' OR key LIKE 'journal:%:%5' OR key LIKE 'destinations:%' OR key LIKE 'cursor:%'`,
    'ERR_JOURNAL_BEHIND',
  ],
])('a journal older than %s is refused, saying what is missing, and changes nothing', async (_, sql, code) => {
  const folder = restored(sql)
  const all = () => {
    const db = new DatabaseSync(join(folder, 'data', DB), { readOnly: true })
    const rows = db.prepare(`SELECT key, hex(value) FROM items WHERE key <> 'meta:starts' ORDER BY key`).all()
    db.close()
    return rows
  }
  const before = all()
  const error = coerceError(await thrownBy(openWhole(folder, config)))
  expect(error).toMatchObject({ code })
  expect(error.message).toContain('deliveries 4 to 5 are missing')
  expect(error.message).toMatch(/restore a newer backup/i)
  expect(all()).toEqual(before)
})

it('a refused start ends with exit code 3 and a line for people', () => {
  const folder = layOut(new Map([[DB, half(closed.get(DB) as Buffer)]]))
  writeConfig(folder, config)
  const { status, stdout } = spawnSync(runtimePath('node'), [mainPath, 'start'], { cwd: folder, encoding: 'utf8' })
  expect(status).toBe(3)
  const line = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as object
  expect(line).toMatchObject({ level: 'error', event: 'start failed', error: { code: 'ERR_STORE_DAMAGED' } })
})
