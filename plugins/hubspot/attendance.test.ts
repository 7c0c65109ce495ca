import { describe, expect, it } from 'vitest'
import { makeJob, RECEIVED_AT } from '../../src/testing.ts'
import { toSteps } from './attendance.ts'
import type { AttendanceState } from './ref.ts'

const CREATED = '2026-03-02T09:14:05Z'
const CHECKED_IN = '2026-03-20T18:03:00Z'
const DELETED = '2026-03-05T11:00:00.123456Z'
const ms = (text: string): number => Math.floor(Date.parse(text))

const steps = (
  data: object,
  last?: { state: AttendanceState; at: number; event?: string; who?: string },
  more: object = {},
) => {
  const job = makeJob({ data: { id: 1, event_id: 9001, created_date: CREATED, ...data }, ...more })
  return toSteps(job, '9001', 'mark', last === undefined ? {} : { attendance: { event: '9001', who: 'mark', ...last } })
}

describe('steps of an attendee', () => {
  it.each([
    ['registered', {}, [['register', CREATED]]],
    [
      'checked-in',
      { checkin_date: CHECKED_IN },
      [
        ['register', CREATED],
        ['attend', CHECKED_IN],
      ],
    ],
    [
      'deleted',
      { deleted_date: DELETED },
      [
        ['register', CREATED],
        ['cancel', DELETED],
      ],
    ],
    ['deleted', { deleted_date: DELETED, created_date: null }, [['cancel', DELETED]]],
    ['Registered ', {}, [['register', CREATED]]],
  ])('first seen as %s', (status, data, expected) => {
    expect(steps({ status, ...data }).steps.map(({ state, at }) => [state, at])).toEqual(
      expected.map(([state, at]) => [state, ms(at as string)]),
    )
  })

  it('registers again after a cancellation, later than it', () => {
    const canceled = { state: 'cancel', at: ms(DELETED) } as const
    const { steps: again, sent } = steps({ status: 'registered', deleted_date: DELETED }, canceled)
    expect(again).toEqual([{ state: 'register', at: ms(DELETED) + 1 }])
    expect(sent).toEqual({ event: '9001', state: 'register', at: ms(DELETED) + 1, who: 'mark' })
    expect(steps({ status: 'checked-in', checkin_date: CHECKED_IN }, canceled).steps).toEqual([
      { state: 'register', at: ms(DELETED) + 1 },
      { state: 'attend', at: ms(CHECKED_IN), joinedAt: '2026-03-20T18:03:00.000Z' },
    ])
  })

  it('only attends when it was registered, and only cancels', () => {
    const registered = { state: 'register', at: ms(CREATED) } as const
    expect(
      steps({ status: 'checked-in', checkin_date: CHECKED_IN }, registered).steps.map(({ state }) => state),
    ).toEqual(['attend'])
    expect(steps({ status: 'deleted', deleted_date: CREATED }, registered).steps).toEqual([
      { state: 'cancel', at: ms(CREATED) + 1 },
    ])
  })

  it('does not undo a check-in, and says so', () => {
    const attended = { state: 'attend', at: ms(CHECKED_IN) } as const
    const undone = steps({ status: 'registered' }, attended)
    expect(undone).toEqual({
      steps: [],
      sent: { event: '9001', who: 'mark', ...attended },
      nothing: expect.stringContaining('undone'),
    })
  })

  it('sends nothing twice, but a replay repeats the same time', () => {
    const registered = { state: 'register', at: 1_800_000_000_000 } as const
    expect(steps({ status: 'registered' }, registered).steps).toEqual([])
    expect(steps({ status: 'registered' }, registered, { replay: true }).steps).toEqual([registered])
  })

  it('registers anew under another address, or at another event', () => {
    const registered = { state: 'register', at: ms(CREATED) } as const
    expect(steps({ status: 'registered' }, { ...registered, who: 'other' }).steps).toHaveLength(1)
    expect(steps({ status: 'registered' }, { ...registered, event: '1' }).steps).toHaveLength(1)
  })

  it('takes the time of receipt where Bevy has no date', () => {
    expect(steps({ status: 'checked-in', created_date: 'soon' }).steps).toEqual([{ state: 'attend', at: RECEIVED_AT }])
  })

  it('cancels what has left its routes, once, if it was ever sent', () => {
    const registered = { state: 'register', at: ms(CREATED) } as const
    expect(steps({ status: 'registered' }, registered, { left: true }).steps).toEqual([
      { state: 'cancel', at: RECEIVED_AT },
    ])
    expect(steps({ status: 'registered' }, { ...registered, state: 'cancel' }, { left: true }).steps).toEqual([])
    expect(steps({ status: 'registered' }, undefined, { left: true }).steps).toEqual([])
  })

  it.each(['waitlisted', '', null, 'constructor'])('has no state for %j', (status) => {
    expect(steps({ status })).toEqual({ steps: [], sent: undefined, nothing: expect.stringContaining('no state') })
  })
})
