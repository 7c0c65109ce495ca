import { describe, expect, it } from 'vitest'
import { type JobInput, makeAttempt, makeJob, sampleJobs } from '../../src/testing.ts'
import { eventTypeOf } from './naming.ts'
import { options } from './options.ts'
import { toGroups, toPart, toRequest } from './request.ts'

const NOW = Date.UTC(2026, 2, 2, 10, 0, 0, 900)

const requests = (given: object, jobs = [makeJob()], { now = NOW, attempt = 1 } = {}) => {
  const parsed = options.parse({ url: 'https://example.org/hook', ...given })
  const settings = { ...parsed, storeId: 'teststore000' }
  const parts = jobs.map((job) => toPart(parsed, settings, job))
  const groups = toGroups(parts, jobs, makeAttempt(jobs, { number: attempt, idempotencyKey: 'batch_key' }))
  return groups.map((group) => toRequest(parsed, settings, group, now))
}
const bodyOf = (given: object, jobs?: ReturnType<typeof makeJob>[]): unknown =>
  JSON.parse(requests(given, jobs)[0]?.body ?? '')

describe('event type', () => {
  it.each<[JobInput, string]>([
    [{ type: 'attendee', data: { id: 1, status: 'registered' } }, 'attendee.registered'],
    [{ type: 'attendee', data: { id: 1, status: 'checked-in' } }, 'attendee.checked_in'],
    [{ type: 'attendee', data: { id: 1, status: ' On the. Waitlist! ' } }, 'attendee.on_the_waitlist'],
    [{ type: 'attendee', data: { id: 1, status: null } }, 'attendee.updated'],
    [{ type: 'attendee', data: { id: 1, status: '☃' } }, 'attendee.updated'],
    [{ type: 'event', data: { id: 1, status: 'Published' } }, 'event.published'],
    [{ type: 'chapter', data: { id: 1, status: 'Active' } }, 'chapter.updated'],
    [{ type: 'user', data: { id: 1 } }, 'user.updated'],
    [{ type: 'Survey.Response v2', data: { id: 1 } }, 'survey_response_v2.updated'],
    [{ type: '☃', data: { id: 1 } }, 'record.updated'],
  ])('%j is %s', (input, expected) => expect(eventTypeOf(makeJob(input))).toBe(expected))
})

describe('bodies', () => {
  const [event, attendee] = sampleJobs() as [ReturnType<typeof makeJob>, ReturnType<typeof makeJob>]
  const second = makeJob({ data: { id: 5002 }, n: 3 })
  const timestamp = '2026-03-02T09:15:00.000Z'
  const envelope = { type: 'attendee.registered', timestamp, data: attendee.data }

  it('envelope', () => {
    expect(bodyOf({}, [attendee])).toEqual(envelope)
    expect(bodyOf({ asList: true }, [attendee])).toEqual([{ id: attendee.id, ...envelope }])
    expect(bodyOf({}, [attendee, second])).toEqual([
      { id: attendee.id, ...envelope },
      { id: second.id, type: 'attendee.updated', timestamp, data: second.data },
    ])
  })

  it('raw', () => {
    expect(bodyOf({ body: 'raw' }, [attendee])).toEqual(attendee.data)
    expect(bodyOf({ body: 'raw' }, [attendee, second])).toEqual([attendee.data, second.data])
  })

  it('bevy: as Bevy sends it, in order', () => {
    expect(bodyOf({ body: 'bevy' }, [attendee])).toEqual([{ type: 'attendee', data: [attendee.data] }])
    expect(bodyOf({ body: 'bevy' }, [attendee, second, event, attendee])).toEqual([
      { type: 'attendee', data: [attendee.data, second.data] },
      { type: 'event', data: [event.data] },
      { type: 'attendee', data: [attendee.data] },
    ])
  })

  it('cloudevents', () => {
    const [one] = requests({ body: 'cloudevents' }, [attendee])
    expect([one?.headers['content-type'], JSON.parse(one?.body ?? '')]).toEqual([
      'application/cloudevents+json',
      {
        specversion: '1.0',
        id: attendee.id,
        source: '/bevy/teststore000',
        type: 'com.bevy.attendee.registered',
        subject: '5001',
        time: timestamp,
        datacontenttype: 'application/json',
        data: attendee.data,
      },
    ])
    const [both] = requests({ body: 'cloudevents' }, [attendee, second])
    expect(both?.headers['content-type']).toBe('application/cloudevents-batch+json')
    expect(JSON.parse(both?.body ?? '')).toHaveLength(2)
  })

  it('template', () => {
    const body = { template: { person: 'record.id', kind: 'new {{ type }}' } }
    expect(bodyOf({ body }, [attendee])).toEqual({ person: 5001, kind: 'new attendee' })
    expect(bodyOf({ body }, [attendee, second])).toEqual([
      { person: 5001, kind: 'new attendee' },
      { person: 5002, kind: 'new attendee' },
    ])
  })
})

describe('headers', () => {
  const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']

  it('are those of Standard Webhooks and the configured ones', () => {
    const headers = { 'X-Kind': '{{ type }}', Authorization: 'Bearer abc', 'Content-Type': 'application/vnd.x+json' }
    const [request] = requests({ secrets, headers, method: 'PUT', idempotencyKey: true })
    expect(request).toMatchObject({ method: 'PUT', url: 'https://example.org/hook' })
    expect(request?.headers).toEqual({
      'content-type': 'application/vnd.x+json',
      'x-kind': 'attendee',
      authorization: 'Bearer abc',
      'webhook-id': 'teststore000_test_1-1',
      'webhook-timestamp': '1772445600',
      'webhook-signature': expect.stringMatching(/^v1,/),
      'idempotency-key': 'teststore000_test_1-1',
    })
    expect(Object.keys(requests({})[0]?.headers ?? {})).toEqual(['content-type', 'webhook-id', 'webhook-timestamp'])
  })

  it('a later attempt differs in timestamp and signature only, and so does one redriven, save for its mark', () => {
    const jobs = [makeJob(), makeJob({ n: 2, data: { id: 2 } })]
    const [first] = requests({ secrets }, jobs)
    const again = jobs.map((job) => ({ ...job, attempt: 4, redriven: true }))
    const [later] = requests({ secrets }, again, { now: NOW + 3_600_000, attempt: 4 })
    expect(later?.body).toBe(first?.body)
    expect(later?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
    expect({ ...later?.headers, 'webhook-timestamp': '', 'webhook-signature': '' }).toEqual({
      ...first?.headers,
      'webhook-timestamp': '',
      'webhook-signature': '',
      'bevy-bridge-marks': 'redriven',
    })
  })

  it.each(['a\r\nx-evil: 1', 'a\nb', '☃', 'a\0b'])('refuses the record whose value %j would be in a header', (name) => {
    const refused = () =>
      requests({ headers: { 'x-name': 'n {{ record.name }}' } }, [makeJob({ data: { id: 1, name } })])
    expect(refused).toThrow(expect.objectContaining({ kind: 'record', code: 'ERR_WEBHOOK_HEADER' }))
  })
})

describe('batches', () => {
  const jobs = [1, 2, 3].map((id) => makeJob({ n: id, data: { id, odd: id % 2 } }))

  it('are one request with the key of the batch', () => {
    expect(requests({}, jobs).map(({ headers }) => headers['webhook-id'])).toEqual(['batch_key'])
  })

  it('are split by URL and headers, with an id that depends on the jobs alone', () => {
    const given = { url: 'https://example.org/{{ record.odd }}' }
    const split = requests(given, jobs)
    expect(split.map(({ url }) => url)).toEqual(['https://example.org/1', 'https://example.org/0'])
    const ids = split.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), jobs[1]?.id])
    expect(requests(given, jobs, { attempt: 2 }).map(({ headers }) => headers['webhook-id'])).toEqual(ids)
    expect(requests({ headers: { 'x-odd': '{{ record.odd }}' } }, jobs)).toHaveLength(2)
  })
})
