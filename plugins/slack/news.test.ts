import { describe, expect, it } from 'vitest'
import { makeJob, type JobInput } from '../../src/testing.ts'
import { attendeeJob, eventJob } from './bench.fake.ts'
import type { Kind } from './kinds.ts'
import { newsOf, saidAfter } from './news.ts'
import { factsOf, type Ref } from './ref.ts'

const NOW = Date.UTC(2026, 2, 2, 10)
const told = (facts: Partial<Ref> = {}): Ref => ({
  kind: 'event.published',
  said: [],
  ...factsOf(eventJob()),
  ...facts,
})
const saying = (...said: Kind[]): Ref => ({ kind: said[0] ?? 'other', said })
const over = { start_date: '2026-03-01T18:00:00Z', end_date: '2026-03-01T20:00:00Z' }
const before = (data: object): JobInput => ({ before: data as never })

describe('news of an event', () => {
  it.each<[string, object, Ref | undefined, JobInput, string]>([
    ['seen for the first time', {}, undefined, {}, 'new event.published'],
    ['live', { status: 'Live' }, undefined, {}, 'new event.published'],
    ['a draft', { status: 'Draft' }, undefined, {}, 'nothing'],
    ['hidden', { is_hidden: true }, undefined, {}, 'nothing'],
    ['a test', { is_test: true }, undefined, {}, 'nothing'],
    ['over', over, undefined, {}, 'nothing'],
    [
      'over, and announced',
      { ...over },
      told({ start: over.start_date, end: over.end_date }),
      {},
      'update event.changed',
    ],
    ['with a status nobody knows', { status: 'Postponed' }, undefined, {}, 'nothing'],
    ['changed', { title: 'Other' }, told(), {}, 'update event.changed'],
    ['at another time', { start_date: '2026-03-21T18:00:00-07:00' }, told(), {}, 'tell event.moved start_date'],
    ['at the same time in another zone', { start_date: '2026-03-21T01:00:00Z' }, told(), {}, 'update event.changed'],
    ['at another place', { venue_name: 'Hall' }, told(), {}, 'tell event.moved venue'],
    ['canceled', { status: 'Canceled' }, told(), {}, 'tell event.canceled'],
    ['canceled, told already', { status: 'Canceled' }, told({ status: 'Canceled' }), {}, 'update event.canceled'],
    ['canceled, so that it matches no route', { status: 'Canceled' }, told(), { left: true }, 'tell event.canceled'],
    ['canceled and never told', { status: 'Canceled' }, undefined, {}, 'nothing'],
    [
      'canceled, told elsewhere',
      { status: 'Canceled' },
      undefined,
      before({ status: 'Published' }),
      'new event.canceled',
    ],
    ['canceled, was a draft', { status: 'Canceled' }, undefined, before({ status: 'Draft' }), 'nothing'],
    ['on again', {}, told({ status: 'Canceled' }), {}, 'new event.published'],
    ['back to draft', { status: 'Draft' }, told(), {}, 'withdraw'],
    ['hidden later', { is_hidden: true }, told(), {}, 'withdraw'],
    ['canceled and hidden', { status: 'Canceled', is_hidden: true }, told(), { left: true }, 'withdraw'],
    ['gone from its route', {}, told(), { left: true }, 'withdraw'],
    ['gone, and never told', {}, undefined, { left: true }, 'nothing'],
    ['withdrawn, still a draft', { status: 'Draft' }, told({ gone: true }), {}, 'nothing'],
    ['published again', {}, told({ gone: true }), {}, 'new event.published'],
  ])('%s', (_, data, ref, input, expected) => {
    const news = newsOf(eventJob(data as never, input), ref, NOW)
    const moves = news.say === 'tell' ? news.moves : []
    expect([news.say, 'kind' in news ? news.kind : '', ...moves].filter(Boolean).join(' ')).toBe(expected)
  })
})

describe('news of people', () => {
  const erased = 'deleted+17@bevylabs.com'
  it.each<[string, object, Ref | undefined, JobInput, string]>([
    ['registered', {}, undefined, {}, 'new attendee.registered'],
    ['registered, told already', {}, saying('attendee.registered'), {}, 'update attendee.registered'],
    ['checked in', { status: 'checked-in' }, saying('attendee.registered'), {}, 'new attendee.checked_in'],
    ['check-in undone', {}, saying('attendee.checked_in', 'attendee.registered'), {}, 'update attendee.registered'],
    ['canceled', { status: 'deleted' }, saying('attendee.registered'), {}, 'new attendee.canceled'],
    ['canceled, never told', { status: 'deleted' }, undefined, {}, 'nothing'],
    ['registered again', {}, saying('attendee.canceled'), {}, 'new attendee.registered'],
    [
      'canceled, and gone from its route',
      { status: 'deleted' },
      saying('attendee.registered'),
      { left: true },
      'update attendee.canceled',
    ],
    ['gone from its route', {}, saying('attendee.registered'), { left: true }, 'withdraw'],
    ['gone, never told', {}, undefined, { left: true }, 'nothing'],
    ['with a status nobody knows', { status: 'waiting' }, undefined, {}, 'nothing'],
    ['forgotten', { email: erased }, saying('attendee.registered'), {}, 'withdraw'],
    ['forgotten, never told', { email: erased }, undefined, {}, 'nothing'],
  ])('%s', (_, data, ref, input, expected) => {
    const news = newsOf(attendeeJob(data as never, input), ref, NOW)
    expect([news.say, 'kind' in news ? news.kind : ''].filter(Boolean).join(' ')).toBe(expected)
  })

  it('a cancellation takes back what was said, a registration the cancellation', () => {
    expect(saidAfter('attendee.checked_in', saying('attendee.registered'))).toEqual([
      'attendee.registered',
      'attendee.checked_in',
    ])
    expect(saidAfter('attendee.canceled', saying('attendee.registered'))).toEqual(['attendee.canceled'])
    expect(saidAfter('attendee.registered', saying('attendee.canceled'))).toEqual(['attendee.registered'])
  })

  it.each([
    ['chaptermember', { departure_date: null }, 'chaptermember.joined'],
    ['chapter', {}, 'chapter.updated'],
    ['user', {}, 'user.updated'],
    ['survey_response', {}, 'other'],
  ])('%s', (type, data, kind) => {
    expect(newsOf(makeJob({ type, data: { id: 1, ...data } }), undefined, NOW)).toEqual({ say: 'new', kind })
  })

  it('somebody who left a chapter before anything was told is no news', () => {
    const job = makeJob({ type: 'chaptermember', data: { id: 1, departure_date: '2026-03-01T00:00:00Z' } })
    expect(newsOf(job, undefined, NOW).say).toBe('nothing')
    expect(newsOf(job, saying('chaptermember.joined'), NOW)).toEqual({ say: 'new', kind: 'chaptermember.left' })
  })
})
