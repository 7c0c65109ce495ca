import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createSourceReader } from '../../src/config/sources.ts'
import type { Source } from '../../src/config/sources.ts'
import { watchConfig } from '../../src/config/watch.ts'
import { createHandClock } from '../kit/clock.ts'
import { folderOf } from '../kit/config.ts'
import { createMemoryLog } from '../kit/log.ts'

/** A watch over files of a folder, whose clock is moved until something happened. */
async function watching(files: readonly string[], load?: () => Promise<void>) {
  const clock = createHandClock()
  const log = createMemoryLog()
  let loads = 0
  const read = async (): Promise<readonly Source[]> => {
    const reader = createSourceReader()
    for (const file of files) await reader.read(file)
    return reader.sources()
  }
  const watch = watchConfig(await read(), { clock, log }, async () => {
    loads += 1
    const sources = await read()
    await load?.()
    return sources
  })
  /** Steps through the timers; file looks take real time, so each step waits until the next timer is set. */
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step++) {
      while (clock.next() === undefined) await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(clock.next() ?? 0)
    }
    while (clock.next() === undefined) await new Promise((resolve) => setImmediate(resolve))
  }
  return { watch, log, clock, steps, loads: () => loads }
}

describe('watching a config', () => {
  it('reloads once for each change: a file written, replaced by rename, appeared, vanished', async () => {
    const folder = await folderOf({ 'c.yaml': 'a' })
    const { watch, steps, loads } = await watching([`${folder}/c.yaml`, `${folder}/.env`])
    await steps(3)
    expect(loads()).toBe(0)
    await writeFile(`${folder}/c.yaml`, 'other')
    await steps(5)
    expect(loads()).toBe(1)
    await writeFile(`${folder}/c.yaml.new`, 'third text')
    await rename(`${folder}/c.yaml.new`, `${folder}/c.yaml`)
    await steps(5)
    expect(loads()).toBe(2)
    await writeFile(`${folder}/.env`, 'A=1')
    await steps(5)
    expect(loads()).toBe(3)
    await rm(`${folder}/.env`)
    await steps(5)
    expect(loads()).toBe(4)
    watch.close()
  })

  it('sees a swapped symlink, as Kubernetes does it', async () => {
    const folder = await folderOf({ 'v1/c.yaml': 'a', 'v2/c.yaml': 'a' })
    await symlink(`${folder}/v1`, `${folder}/data`)
    await symlink(`${folder}/data/c.yaml`, `${folder}/c.yaml`)
    const { watch, steps, loads } = await watching([`${folder}/c.yaml`])
    await symlink(`${folder}/v2`, `${folder}/data.new`)
    await rename(`${folder}/data.new`, `${folder}/data`)
    await steps(5)
    expect(loads()).toBe(1)
    watch.close()
  })

  it('waits until a file that is being written stays the same', async () => {
    const folder = await folderOf({ 'c.yaml': 'a' })
    const { watch, steps, loads } = await watching([`${folder}/c.yaml`])
    for (const text of ['ab', 'abc', 'abcd']) {
      await writeFile(`${folder}/c.yaml`, text)
      await steps(1)
    }
    expect(loads()).toBe(0)
    await steps(1)
    expect(loads()).toBe(1)
    watch.close()
  })

  it('a change during a reload is seen after it; a reload asked for by hand does not repeat', async () => {
    const folder = await folderOf({ 'c.yaml': 'a' })
    let write = true
    const { watch, steps, loads } = await watching([`${folder}/c.yaml`], async () => {
      if (write) await writeFile(`${folder}/c.yaml`, 'during the load')
      write = false
    })
    await writeFile(`${folder}/c.yaml`, 'before')
    await watch.reload()
    expect(loads()).toBe(1)
    await steps(5)
    expect(loads()).toBe(2)
    await Promise.all([watch.reload(), watch.reload(), watch.reload()])
    expect(loads()).toBe(4)
    await steps(5)
    expect(loads()).toBe(4)
    watch.close()
  })

  it('a reload that fails is logged, and tried again at the next change only; closed, it looks no more', async () => {
    const folder = await folderOf({ 'c.yaml': 'a' })
    const { watch, steps, loads, log, clock } = await watching([`${folder}/c.yaml`], () =>
      Promise.reject(new Error('boom')),
    )
    await writeFile(`${folder}/c.yaml`, 'other')
    await steps(8)
    expect(loads()).toBe(1)
    expect(log.lines.map(({ level }) => level)).toEqual(['error'])
    watch.close()
    expect(clock.next()).toBeUndefined()
  })
})
