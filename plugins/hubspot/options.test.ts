import { describe, expect, it } from 'vitest'
import { options } from './options.ts'

const parsed = (given: object) => options.parse({ accessToken: 'pat-na1-token', ...given })
const parts = (given: object) => {
  const { contacts, events, attendance } = parsed(given)
  return [contacts, events, attendance].map((part) => part !== undefined)
}

describe('options', () => {
  it.each([
    ['nothing named is all of it', {}, [true, true, true]],
    ['only what is named', { contacts: {} }, [true, false, false]],
    ['attendance brings its events', { attendance: {} }, [false, true, true]],
    ['objects alone', { objects: [{ objectType: 'companies', idProperty: 'id' }] }, [false, false, false]],
    [
      'the example of the design',
      { contacts: { properties: { firstname: 'record.first_name' } }, attendance: {} },
      [true, true, true],
    ],
  ])('%s', (_name, given, expected) => expect(parts(given)).toEqual(expected))

  it('nothing is cleared, nobody is erased, and the version is dated, unless told', () => {
    expect(parsed({ baseUrl: 'https://api.hubapi.com/' })).toMatchObject({
      contacts: { clear: false },
      events: { complete: true },
      erasure: 'ignore',
      apiVersion: '2026-09',
      baseUrl: 'https://api.hubapi.com',
    })
  })
})
