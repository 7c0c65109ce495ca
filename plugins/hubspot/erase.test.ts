import { afterEach, describe, expect, it } from 'vitest'
import { makeAttempt } from '../../src/testing.ts'
import { attendee, bench, callsOf, closeAll, peopleIn } from './kit.fake.ts'

afterEach(closeAll)

const DELETED = { first_name: '', last_name: '', email: 'deleted+0a1b2c3d@bevylabs.com' }
const states = (outcomes: readonly { state: string }[]): string[] => outcomes.map(({ state }) => state)

describe('a person deleted in Bevy', () => {
  it('changes nothing by default, and is never a contact or another address', async () => {
    const { fake, play } = await bench({ contacts: { key: { property: 'bevy_user_id' }, clear: true }, attendance: {} })
    await play(attendee(5001))
    const before = structuredClone(peopleIn(fake))
    const asked = fake.requests.length
    expect(
      await play(attendee(5001, { ...DELETED, status: 'deleted' }), { type: 'user', data: { id: 1001, ...DELETED } }),
    ).toMatchObject([{ state: 'skip', reason: expect.stringContaining('erasure is ignore') }, { state: 'skip' }])
    expect([peopleIn(fake), fake.requests.length]).toEqual([before, asked])
  })

  it('is blanked: the address and what we have written, once', async () => {
    const { fake, play } = await bench({ contacts: {}, attendance: {}, erasure: 'blank' })
    await play(attendee(5001), attendee(5002))
    const { id } = fake.contact('guest5001@example.com') ?? { id: '' }
    Object.assign(fake.crm.objects.get('contacts')?.get(id)?.properties ?? {}, { tickets: '4' })
    expect(states(await play(attendee(5001, DELETED)))).toEqual(['delivered'])
    expect(fake.crm.objects.get('contacts')?.get(id)?.properties).toEqual({ tickets: '4' })
    expect(fake.contact('guest5002@example.com')?.properties.firstname).toBe('First5002')
    expect(states(await play(attendee(5001, { ...DELETED, ticket_title: 'x' })))).toEqual(['skip'])
    expect(fake.problems).toEqual([])
  })

  it('is deleted for good, found by the ref of its own record', async () => {
    const { fake, play } = await bench({ attendance: {}, erasure: 'gdpr-delete' })
    await play(attendee(5001), attendee(5002))
    const { id } = fake.contact('guest5001@example.com') ?? { id: '' }
    const asked = fake.requests.length
    expect(await play(attendee(5001, DELETED))).toEqual([{ state: 'delivered', ref: { erased: true } }])
    expect([Object.keys(peopleIn(fake)), [...fake.crm.forgotten]]).toEqual([['guest5002@example.com'], [id]])
    expect(callsOf(fake).slice(asked)).toEqual(['POST /crm/objects/contacts/gdpr-delete'])
  })

  it('is found by the key, where this record was never sent', async () => {
    const { fake, play } = await bench({ contacts: { key: { property: 'bevy_user_id' } }, erasure: 'gdpr-delete' })
    await play(attendee(5001))
    expect(states(await play({ type: 'user', data: { id: 1001, ...DELETED } }))).toEqual(['delivered'])
    expect(peopleIn(fake)).toEqual({})
    // Somebody was quicker.
    expect(states(await play(attendee(5001, DELETED)))).toEqual(['delivered'])
    expect(fake.problems).toEqual([])
  })

  it('is skipped when nothing of the person was ever sent', async () => {
    const { fake, play } = await bench({ contacts: {}, erasure: 'gdpr-delete' })
    expect(await play({ type: 'user', data: { id: 1001, ...DELETED } })).toMatchObject([
      { state: 'skip', reason: expect.stringContaining('not known') },
    ])
    expect(callsOf(fake)).toEqual(['GET /crm/properties/contacts'])
  })

  it('is not believed to be forgotten because an address of the API is unknown', async () => {
    const { fake, play } = await bench({ contacts: {}, erasure: 'gdpr-delete' })
    await play(attendee(5001))
    fake.script.push({ on: /gdpr/, answer: { status: 404, body: '<html>' } })
    await expect(play(attendee(5001, DELETED))).rejects.toMatchObject({ code: 'ERR_HUBSPOT_NOT_FOUND' })
    expect(Object.keys(peopleIn(fake))).toEqual(['guest5001@example.com'])
  })

  describe('by erasure here', () => {
    const person = {
      id: 'e1',
      users: ['1001'],
      emails: ['guest5001@example.com', 'nobody@example.com'],
      names: ['first5001 last5001'],
      positions: ['1.1'],
      exports: false,
    }
    const told = (ids: string[]) => ({
      ...person,
      records: ids.map((contact, at) => ({ key: `attendee:${at}`, ref: { contact } })),
    })

    it('is found by every ref, address and key, deleted for good, and again without harm', async () => {
      const { fake, play, sender } = await bench({
        contacts: { key: { property: 'bevy_user_id' } },
        erasure: 'gdpr-delete',
      })
      await play(attendee(5001), attendee(5002), { ...attendee(5003), data: { ...attendee(5003).data, user_id: null } })
      const { id } = fake.contact('guest5003@example.com') ?? { id: '' }
      expect(await sender.erase?.(told([id]), makeAttempt())).toEqual({ state: 'delivered' })
      expect(Object.keys(peopleIn(fake))).toEqual(['guest5002@example.com'])
      expect(await sender.erase?.(told([id]), makeAttempt())).toEqual({ state: 'delivered' })
      expect(fake.problems).toEqual([])
    })

    it('is blanked, ignored as configured, and not believed gone while HubSpot is in trouble', async () => {
      const { fake, play, sender } = await bench({ contacts: {}, erasure: 'blank' })
      await play(attendee(5001))
      fake.script.push({ on: /update/, answer: { status: 500, body: '' } })
      expect(await sender.erase?.(told([]), makeAttempt())).toMatchObject({ state: 'retry' })
      expect(await sender.erase?.(told([]), makeAttempt())).toEqual({ state: 'delivered' })
      expect(Object.values(peopleIn(fake))).toEqual([{}])
      const other = await bench({ contacts: {} })
      expect(await other.sender.erase?.(told(['1']), makeAttempt())).toMatchObject({ state: 'skip' })
      expect([fake.problems, other.fake.requests]).toEqual([[], []])
    })
  })

  it('waits while HubSpot is in trouble', async () => {
    const { fake, play } = await bench({ contacts: {}, erasure: 'blank' })
    await play(attendee(5001))
    fake.script.push({ on: /update/, answer: { status: 500, body: '' } })
    expect(states(await play(attendee(5001, DELETED)))).toEqual(['retry'])
    expect(states(await play(attendee(5001, DELETED)))).toEqual(['delivered'])
    expect(fake.contact('guest5001@example.com')).toBeUndefined()
  })
})
