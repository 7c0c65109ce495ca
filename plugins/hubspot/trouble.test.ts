import { afterEach, describe, expect, it } from 'vitest'
import { attendee, attendees, bench, callsOf, closeAll, peopleIn } from './kit.fake.ts'

afterEach(closeAll)

const ATTENDANCE = /attendance/
const states = (outcomes: readonly { state: string }[]): string[] => outcomes.map(({ state }) => state)
const ALL = { contacts: {}, attendance: {} }

describe('trouble with the account', () => {
  it('a storm of 429 holds the account, asks nothing more in this send, and ends with every record written once', async () => {
    const { fake, send, clock } = await bench(ALL, { limit: 3 })
    const jobs = attendees(5)
    const storm = await send(jobs)
    expect(storm).toMatchObject(
      jobs.map(() => ({
        state: 'retry',
        after: 10_000,
        scope: 'account',
        reason: expect.stringContaining('correlationId c0ffee'),
      })),
    )
    expect(callsOf(fake)).toHaveLength(4)
    // Each attempt gets further: what it has found out stays known.
    await clock.advance(10_000)
    expect(states(await send(jobs))).toEqual(jobs.map(() => 'retry'))
    await clock.advance(10_000)
    expect(states(await send(jobs))).toEqual(jobs.map(() => 'delivered'))
    expect([Object.keys(peopleIn(fake)).length, fake.crm.timeline.length, fake.problems]).toEqual([5, 5, []])
  })

  it('slows down by what the headers say is left', async () => {
    const { send, holds } = await bench({ contacts: {} }, { limit: 3 })
    await send(attendees(1))
    expect(holds).toEqual([])
    await send(attendees(1))
    expect(holds).toEqual([10_000])
  })

  it.each([
    [{ status: 502, body: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } }, 'retry'],
    [{ status: 500, body: '' }, 'retry'],
    [{ status: 423, body: '' }, 'retry'],
    [{ status: 200, body: '<html>Log in</html>' }, 'unknown'],
    [{ status: 200, body: '' }, 'unknown'],
    [{ status: 200, body: '{"status":"COMPLETE","results":[]}' }, 'unknown'],
    [{ status: 204, body: '' }, 'unknown'],
    ['lost', 'unknown'],
  ] as const)('%j is %s, and the next attempt leaves the same as if it had not been', async (answer, state) => {
    const { fake, send } = await bench(ALL)
    fake.script.push({ on: /batch\/upsert/, answer })
    expect(states(await send(attendees(1)))).toEqual([state])
    expect(states(await send(attendees(1)))).toEqual(['delivered'])
    expect(peopleIn(fake)).toEqual({ 'guest5001@example.com': { firstname: 'First5001', lastname: 'Last5001' } })
    expect(fake.attendance('9001', 'guest5001@example.com')).toEqual(['register 2026-03-02T09:14:05.000Z'])
  })

  it('an attendance whose answer was lost is told again with the same time, and counts once', async () => {
    const { fake, send } = await bench(ALL)
    fake.script.push({ on: ATTENDANCE, answer: 'lost' })
    const checkedIn = () => attendees(3, () => ({ status: 'checked-in', checkin_date: '2026-03-20T18:03:00Z' }))
    expect(states(await send(checkedIn()))).toEqual(['unknown', 'unknown', 'unknown'])
    expect(states(await send(checkedIn()))).toEqual(['delivered', 'delivered', 'delivered'])
    expect(fake.attendance('9001', 'guest5002@example.com')).toEqual([
      'register 2026-03-02T09:14:05.000Z',
      'attend 2026-03-20T18:03:00.000Z',
    ])
    expect(fake.crm.timeline).toHaveLength(6)
  })

  it('a slow answer is waited for; one that never comes ends with the attempt', async () => {
    const { fake, send } = await bench({ contacts: {} })
    fake.script.push({ on: /properties/, answer: { delay: 30 } }, { on: /upsert/, answer: 'hang' })
    const controller = new AbortController()
    const sending = send(attendees(2), controller.signal)
    setTimeout(() => controller.abort(new Error('timeout')), 120)
    expect(states(await sending)).toEqual(['unknown', 'unknown'])
    expect(peopleIn(fake)).toEqual({})
    expect(states(await send(attendees(2)))).toEqual(['delivered', 'delivered'])
  })

  it('an expired token pauses the destination, and no record is blamed', async () => {
    const { fake, send, play } = await bench(ALL)
    await play(attendee(5001))
    fake.token = 'another'
    await expect(send(attendees(3))).rejects.toMatchObject({
      code: 'ERR_HUBSPOT_TOKEN',
      message: expect.stringContaining('correlationId'),
    })
    expect(Object.keys(peopleIn(fake))).toEqual(['guest5001@example.com'])
  })

  it('a scope that is missing pauses the destination and is named', async () => {
    const scopes = ['crm.objects.contacts.read', 'crm.objects.contacts.write', 'crm.objects.marketing_events.read']
    const { fake, send } = await bench(ALL, { scopes })
    await expect(send(attendees(1))).rejects.toMatchObject({
      code: 'ERR_HUBSPOT_SCOPE',
      message: expect.stringContaining('lacks the scope crm.objects.marketing_events.write'),
    })
    fake.scopes = new Set([...scopes, 'crm.objects.marketing_events.write'])
    expect(states(await send(attendees(1)))).toEqual(['delivered'])
    expect(fake.attendance('9001', 'guest5001@example.com')).toHaveLength(1)
  })

  it('one event in trouble does not stop the attendance of another', async () => {
    const { fake, send } = await bench({ attendance: {} })
    fake.script.push({ on: /attendance\/9001/, answer: { status: 500, body: '' } })
    const jobs = attendees(4, (id) => ({ event_id: id % 2 === 0 ? 9002 : 9001 }))
    expect(states(await send(jobs))).toEqual(['retry', 'delivered', 'retry', 'delivered'])
    expect(fake.crm.timeline.map(({ event }) => event)).toEqual(['9002', '9002'])
  })

  it('an attendee refused among many is refused alone', async () => {
    const { fake, send } = await bench({ attendance: {} })
    const outcomes = await send(attendees(4, (id) => (id === 5003 ? { email: 'no address' } : {})))
    expect(states(outcomes)).toEqual(['delivered', 'delivered', 'reject', 'delivered'])
    expect(JSON.stringify(outcomes)).not.toContain('no address')
    expect(fake.crm.timeline).toHaveLength(3)
  })
})
