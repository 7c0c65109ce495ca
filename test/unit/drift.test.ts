import { describe, expect, it } from 'vitest'
import { watchFields, type TypeWatch } from '../../src/core/alerts/drift.ts'
import type { JsonObject } from '../../src/core/types.ts'

const RULES = { missing: 50, deliveries: 3, known: 200 }

function watcher() {
  const types = new Map<string, TypeWatch>()
  let at = 0
  return (records: readonly JsonObject[], type = 'attendee') =>
    watchFields(types, type, records, (at += 1000), RULES).map(
      ({ state, field, since }) => `${state} ${field} ${since}`,
    )
}

const attendees = (count: number, more: (index: number) => JsonObject): JsonObject[] =>
  Array.from({ length: count }, (_, index) => ({ id: index, ...more(index) }))
const withMail = (index: number): JsonObject => ({ email: `p${index}@example.com`, note: index % 3 === 0 ? 'x' : null })

describe('a field that stops coming', () => {
  it('is missed once, with the time since when, and welcomed back once', () => {
    const look = watcher()
    for (let i = 0; i < 10; i++) expect(look(attendees(30, withMail))).toEqual([])
    expect(look(attendees(20, () => ({ note: 'x' })))).toEqual([])
    expect(look(attendees(20, () => ({ email: null })))).toEqual([])
    expect(look(attendees(9, () => ({ email: '' })))).toEqual([])
    expect(look(attendees(1, () => ({})))).toEqual(['missing email 11000'])
    expect(look(attendees(40, () => ({})))).toEqual([])
    expect(look(attendees(1, withMail))).toEqual(['back email 11000'])
    expect(look(attendees(1, withMail))).toEqual([])
  })

  it('in one odd import is no drift', () => {
    const look = watcher()
    for (let i = 0; i < 10; i++) look(attendees(30, withMail))
    expect(look(attendees(500, () => ({})))).toEqual([])
    expect(look(attendees(30, withMail))).toEqual([])
  })

  it('is not missed before enough is known, nor one that came only now and then', () => {
    const look = watcher()
    for (let i = 0; i < 6; i++) look(attendees(30, withMail))
    for (let i = 0; i < 6; i++) expect(look(attendees(30, () => ({})))).toEqual([])
    const later = watcher()
    for (let i = 0; i < 20; i++) later(attendees(30, (n) => (n % 10 === 0 ? {} : withMail(n))))
    for (let i = 0; i < 9; i++) expect(later(attendees(30, () => ({ note: null })))).toEqual([])
  })

  it('that appears later is missed only once nearly all carry it', () => {
    const look = watcher()
    for (let i = 0; i < 10; i++) look(attendees(30, withMail))
    const badge = (index: number): JsonObject => ({ ...withMail(index), badge: index })
    look(attendees(30, badge))
    for (let i = 0; i < 4; i++) expect(look(attendees(30, withMail))).toEqual([])
    for (let i = 0; i < 40; i++) look(attendees(30, badge))
    look(attendees(20, withMail))
    look(attendees(20, withMail))
    expect(look(attendees(20, withMail))).toEqual([expect.stringMatching(/^missing badge /)])
  })

  it('of one type says nothing of another, and what is remembered is bounded', () => {
    const look = watcher()
    for (let i = 0; i < 10; i++) look(attendees(30, withMail))
    for (let i = 0; i < 4; i++)
      expect(
        look(
          attendees(30, () => ({})),
          'event',
        ),
      ).toEqual([])
    const types = new Map<string, TypeWatch>()
    for (let i = 0; i < 50; i++)
      watchFields(types, `t${i}`, [Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, 1]))], 0)
    expect(types.size).toBe(20)
    expect(types.get('t0')?.fields.size).toBe(100)
  })
})
