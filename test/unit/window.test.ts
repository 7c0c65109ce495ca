import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWindow } from '../../src/core/dispatch/window.ts'

const at = (seq: number, n = 1) => ({ seq, n })

describe('window', () => {
  it('moves the cursor over settled and foreign positions only', () => {
    const window = createWindow({ position: at(1, 0), done: [] })
    window.pass(at(1), true)
    window.pass(at(2), false)
    window.pass(at(3), true)
    expect(window.cursor()).toEqual({ position: at(1), done: [] })
    window.settle(at(3))
    expect(window.cursor()).toEqual({ position: at(1), done: [at(3)] })
    window.settle(at(1))
    expect(window.cursor()).toEqual({ position: at(3, 2), done: [] })
    expect(window.size).toBe(0)
  })

  it('knows after a restart what was settled', () => {
    const window = createWindow({ position: at(1), done: [at(3)] })
    expect(window.pass(at(1), true)).toBe(true)
    expect(window.pass(at(2), false)).toBe(true)
    expect(window.cursor()).toEqual({ position: at(1), done: [at(3)] })
    expect(window.pass(at(3), true)).toBe(false)
    expect(window.cursor()).toEqual({ position: at(1), done: [at(3)] })
    window.settle(at(1))
    expect(window.cursor()).toEqual({ position: at(3, 2), done: [] })
  })

  it('never forgets an unsettled job, whatever the order of settling and restarts', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('settle' as const), pick: fc.nat(50) }),
      fc.record({ do: fc.constant('restart' as const) }),
      fc.record({ do: fc.constant('read' as const), job: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const jobs: boolean[] = []
        const settled = new Set<number>()
        let window = createWindow({ position: at(1, 0), done: [] })
        let reader = 1
        for (const action of steps) {
          if (action.do === 'read') {
            jobs[reader] ??= action.job
            const fresh = window.pass(at(reader), jobs[reader] ?? false)
            expect(fresh).toBe(!(jobs[reader] === true && settled.has(reader)))
            if (!fresh) settled.add(reader)
            reader += 1
          } else if (action.do === 'settle') {
            const seq = 1 + (action.pick % Math.max(1, reader - 1))
            if (seq < reader && jobs[seq] === true) {
              window.settle(at(seq))
              settled.add(seq)
            }
          } else {
            const cursor = window.cursor()
            for (let seq = 1; seq < reader; seq++) {
              const passed = seq < cursor.position.seq || (seq === cursor.position.seq && cursor.position.n > 1)
              const done = passed || cursor.done.some((position) => position.seq === seq)
              if (jobs[seq] === true) expect(done).toBe(settled.has(seq))
            }
            window = createWindow(JSON.parse(JSON.stringify(cursor)))
            reader = cursor.position.n > 1 ? cursor.position.seq + 1 : cursor.position.seq
          }
        }
      }),
    )
  })
})
