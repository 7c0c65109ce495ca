import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAdmission, type Admission, type Entry, type Ticket } from '../../src/receiver/admission.ts'
import { createHandClock, settleAll } from '../kit/clock.ts'

const never = new AbortController().signal

function setUp(limits: { capacity?: number; maxBody?: number; timeout?: number } = {}) {
  const clock = createHandClock()
  const admission = createAdmission({ capacity: 100, maxBody: 50, timeout: 20, ...limits, clock })
  return { clock, admission }
}

/** Asks, and tells what came of it so far. */
function ask(admission: Admission, bytes: number, { grows = false, signal = never } = {}) {
  const asked: { state: string; ticket?: Ticket } = { state: 'waiting' }
  void admission.enter({ bytes, grows }, signal).then((entry: Entry) => Object.assign(asked, entry))
  return asked
}

const states = (all: { state: string }[]) => all.map(({ state }) => state)

describe('admission', () => {
  it('lets in first come, first served: a small body does not overtake a large one', async () => {
    const { admission } = setUp()
    const all = [60, 50, 10].map((bytes) => ask(admission, bytes))
    await settleAll()
    expect(states(all)).toEqual(['granted', 'waiting', 'waiting'])
    expect([admission.inFlight, admission.waiting]).toEqual([60, 2])
    all[0]?.ticket?.release()
    await settleAll()
    expect(states(all)).toEqual(['granted', 'granted', 'granted'])
    expect([admission.inFlight, admission.waiting]).toEqual([60, 0])
  })

  it('gives up after the timeout, and what stood behind moves up', async () => {
    const { clock, admission } = setUp()
    const first = ask(admission, 90)
    await settleAll()
    const large = ask(admission, 50)
    await clock.advance(10)
    const small = ask(admission, 10)
    await clock.advance(9)
    expect(states([large, small])).toEqual(['waiting', 'waiting'])
    await clock.advance(1)
    expect(states([first, large, small])).toEqual(['granted', 'timeout', 'granted'])
    expect(clock.next()).toBeUndefined()
  })

  it('forgets one that went away, also before it asked', async () => {
    const { admission, clock } = setUp()
    const gone = new AbortController()
    ask(admission, 100)
    await settleAll()
    const waiting = ask(admission, 50, { signal: gone.signal })
    await settleAll()
    gone.abort()
    const late = ask(admission, 50, { signal: gone.signal })
    await settleAll()
    expect(states([waiting, late])).toEqual(['aborted', 'aborted'])
    expect([admission.inFlight, admission.waiting, clock.next()]).toEqual([100, 0, undefined])
  })

  it('gives room back once, however often it is asked', async () => {
    const { admission } = setUp()
    const one = ask(admission, 40)
    const two = ask(admission, 40)
    await settleAll()
    one.ticket?.release()
    one.ticket?.release()
    expect(admission.inFlight).toBe(40)
    expect(two.state).toBe('granted')
  })

  it('counts all waits of one growing body against one timeout', async () => {
    const { admission, clock } = setUp()
    const blocker = ask(admission, 95)
    await settleAll()
    const growing = ask(admission, 10, { grows: true })
    await clock.advance(15)
    blocker.ticket?.release()
    await settleAll()
    expect(growing.state).toBe('granted')
    ask(admission, 90)
    const grown: { state: string } = { state: 'waiting' }
    void growing.ticket?.grow(20, never).then((granted) => Object.assign(grown, granted))
    await clock.advance(4)
    expect(grown.state).toBe('waiting')
    await clock.advance(1)
    expect(grown.state).toBe('timeout')
  })

  it('lets one body of the largest size in even when the capacity is smaller', async () => {
    const { admission } = setUp({ capacity: 10, maxBody: 50 })
    expect(states([ask(admission, 50)])).toEqual(['waiting'])
    await settleAll()
    expect(admission.inFlight).toBe(50)
  })

  it('takes over new limits at once', async () => {
    const { admission } = setUp()
    const all = [80, 50].map((bytes) => ask(admission, bytes))
    await settleAll()
    expect(states(all)).toEqual(['granted', 'waiting'])
    admission.configure({ capacity: 200, maxBody: 50, timeout: 20 })
    await settleAll()
    expect(states(all)).toEqual(['granted', 'granted'])
  })

  it('never exceeds its capacity, and bodies that grow never wait for each other for ever', async () => {
    const body = fc.record({ bytes: fc.integer({ min: 0, max: 50 }), grows: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { maxLength: 14 }),
        fc.integer({ min: 50, max: 120 }),
        async (bodies, capacity) => {
          const { admission } = setUp({ capacity, timeout: 1e9 })
          let done = 0
          const run = async ({ bytes, grows }: { bytes: number; grows: boolean }) => {
            const entry = await admission.enter({ bytes: grows ? Math.min(8, bytes) : bytes, grows }, never)
            if (entry.state !== 'granted') throw new Error(entry.state)
            const { ticket } = entry
            while (ticket.held() < bytes) {
              await Promise.resolve()
              const granted = await ticket.grow(Math.min(8, bytes - ticket.held()), never)
              if (granted.state !== 'granted') throw new Error(granted.state)
              expect(admission.inFlight).toBeLessThanOrEqual(capacity)
            }
            ticket.settle()
            await Promise.resolve()
            ticket.release()
            done += 1
          }
          void Promise.all(bodies.map(run))
          for (let round = 0; round < 20 && done < bodies.length; round++) await settleAll()
          expect(done).toBe(bodies.length)
          expect([admission.inFlight, admission.waiting]).toEqual([0, 0])
        },
      ),
      { numRuns: 60 },
    )
  })
})
