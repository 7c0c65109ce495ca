import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/ports.ts'
import type { StorageSettings } from '../../src/core/settings.ts'
import { readHolder } from '../../src/storage/lock.ts'
import { openStore } from '../../src/storage/open.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { thrownBy } from '../kit/thrown.ts'

const HOLD = fileURLToPath(new URL('../kit/hold-store.ts', import.meta.url))
const makeFolder = useTemporaryFolders()
const opened: Store[] = []
const children: ChildProcess[] = []

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function open(path: string, driver: StorageSettings['driver'] = 'sqlite', unsafe = false): Promise<Store> {
  const store = await openStore({ driver, path, unsafe, minFree: 0 }, { log: createMemoryLog() })
  opened.push(store)
  return store
}

/** A closed store with something in it; returns its database file. */
async function fill(path: string): Promise<string> {
  const store = await open(path)
  for (let n = 0; n < 20; n++) {
    await store.commit([{ op: 'setRaw', key: `a:${n}`, value: new Uint8Array(5_000).fill(n) }])
  }
  await store.close()
  return join(path, 'bevy-bridge.db')
}

async function hold(path: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [HOLD, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [said] = await once(child.stdout, 'data')
  return { child, said: String(said).trim() }
}

describe('a new store', () => {
  it('gets a private folder and file, and an identity', async () => {
    const path = join(makeFolder(), 'deep', 'data')
    const store = await open(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'bevy-bridge.db')).mode & 0o777).toBe(0o600)
    expect(await store.get('meta:store')).toEqual({
      format: 1,
      id: store.id,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
  })

  it('is made whole even when an earlier start was killed while making it', async () => {
    const path = makeFolder()
    writeFileSync(join(path, 'bevy-bridge.db.new'), 'half')
    await open(path)
    expect(readdirSync(path)).not.toContain('bevy-bridge.db.new')
  })

  it('is refused where no folder can be', async () => {
    const path = join(makeFolder(), 'file')
    writeFileSync(path, '')
    expect(await thrownBy(open(path))).toMatchObject({ code: 'ERR_STORE_IO' })
  })
})

describe('the lock', () => {
  it('keeps a second opener out, in this process and in another, and names the holder', async () => {
    const path = makeFolder()
    const store = await open(path)
    const name = new RegExp(`process ${process.pid} on .+ since \\d{4}-`)
    expect(await thrownBy(open(path))).toMatchObject({ code: 'ERR_STORE_LOCKED', message: expect.stringMatching(name) })
    expect((await hold(path)).said).toBe('ERR_STORE_LOCKED')
    await store.close()
    expect(readHolder(path)).toBeUndefined()
    await open(path)
  })

  it('is given back when its holder is killed', async () => {
    const path = makeFolder()
    const { child, said } = await hold(path)
    expect(said).toBe('open')
    expect(await thrownBy(open(path))).toMatchObject({ message: expect.stringContaining(`process ${child.pid} `) })
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    await open(path)
    expect(readHolder(path)?.pid).toBe(process.pid)
  })

  it('covers the other drivers on disk too', async () => {
    const path = makeFolder()
    await open(path, 'fs', true)
    expect(await thrownBy(open(path))).toMatchObject({ code: 'ERR_STORE_LOCKED' })
  })
})

describe('a newer format', () => {
  it.each([
    ['in the document', (file: string) => sql(file, `UPDATE items SET value = CAST('{"format":2}' AS BLOB)`)],
    ['in the layout of the file', (file: string) => sql(file, 'PRAGMA user_version=2; DROP TABLE items')],
  ])('%s is refused and left as it is', async (_, change) => {
    const path = makeFolder()
    const file = await fill(path)
    change(file)
    const before = readFileSync(file)
    const message = expect.stringMatching(/newer version.*Nothing was changed/)
    expect(await thrownBy(open(path))).toMatchObject({ code: 'ERR_STORE_FORMAT', message })
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})

const DAMAGES: readonly (readonly [string, (file: string) => void])[] = [
  ['an empty file', (file) => truncateSync(file, 0)],
  ['half of the file', (file) => truncateSync(file, 8192 * 5)],
  ['a torn first page', (file) => truncateSync(file, 5000)],
  ['another kind of file', (file) => writeFileSync(file, 'no database at all\n'.repeat(1000))],
  ['a first page of zeros', (file) => writeFileSync(file, Buffer.alloc(8192 * 20))],
  ['a database of another program', (file) => sql(file, 'PRAGMA application_id=7')],
  ['a database without our table', (file) => sql(file, 'DROP TABLE items')],
  ['a store without its identity', (file) => sql(file, `DELETE FROM items WHERE key = 'meta:store'`)],
  ['an identity cut short', (file) => sql(file, `UPDATE items SET value = CAST('{"form' AS BLOB)`)],
]

describe('a damaged store', () => {
  it.each(DAMAGES)('%s is refused and left as it is', async (_, damage) => {
    const path = makeFolder()
    const file = await fill(path)
    copyFileSync(file, `${file}.good`)
    damage(file)
    const before = readFileSync(file)
    expect(await thrownBy(open(path))).toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      kind: 'store',
      message: expect.stringMatching(/restore a backup/i),
    })
    expect(readFileSync(file).equals(before)).toBe(true)

    copyFileSync(`${file}.good`, file)
    expect(await (await open(path)).getRaw('a:7')).toHaveLength(5_000)
  })

  it('a log without its database is no new store', async () => {
    const path = makeFolder()
    const file = await fill(path)
    rmSync(file)
    writeFileSync(`${file}-wal`, 'what was committed last')
    expect(await thrownBy(open(path))).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
    expect(existsSync(file)).toBe(false)
    expect(readFileSync(`${file}-wal`, 'utf8')).toBe('what was committed last')
  })

  it.skipIf(process.getuid?.() === 0)('a file that may not be read is an I/O error, not damage', async () => {
    const path = makeFolder()
    chmodSync(await fill(path), 0)
    expect(await thrownBy(open(path))).toMatchObject({ code: 'ERR_STORE_IO' })
  })

  it('a document torn by a driver that is not atomic is damage, and its text is not in the message', async () => {
    const path = makeFolder()
    const store = await open(path, 'fs', true)
    await store.commit([{ op: 'set', key: 'a:1', value: { name: 'Somebody' } }])
    for (const torn of ['', '{"name":"Someb', Buffer.of(0x22, 0xff, 0x22)]) {
      writeFileSync(join(path, 'items', 'a', '1'), torn)
      const error = await thrownBy(store.get('a:1'))
      expect(error).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
      expect(inspect(error)).not.toContain('Someb')
    }
  })
})

describe('a driver that promises less', () => {
  it.each(['fs', 'memory'] as const)('%s starts only when that is asked for', async (driver) => {
    const path = join(makeFolder(), 'data')
    expect(await thrownBy(open(path, driver))).toMatchObject({
      code: 'ERR_STORE_UNSAFE',
      message: expect.stringMatching(/several keys.*already acknowledged.*storage\.unsafe: true/),
    })
    expect(existsSync(path)).toBe(false)
    expect((await open(path, driver, true)).capabilities).toEqual({ atomic: false, durable: false })
  })
})

function sql(file: string, text: string): void {
  const db = new DatabaseSync(file)
  db.exec(text)
  db.close()
}
