import { describe, it } from 'vitest'
import { makeJob, sampleJobs, testPlugin } from '../../src/testing.ts'
import plugin from './index.ts'

const accessToken = 'pat-na1-canary-of-a-token'

testPlugin({ describe, it }, plugin, {
  validOptions: {
    accessToken,
    contacts: {
      properties: { firstname: 'record.first_name', diet: { answer: 'Dietary needs' } },
      key: { property: 'bevy_user_id' },
    },
    attendance: {},
    objects: [{ objectType: 'companies', idProperty: 'bevy_chapter_id', properties: { name: 'record.title' } }],
  },
  invalidOptions: [
    {},
    { accessToken: '' },
    { accessToken, apiVersion: 'v3' },
    { accessToken, contacts: { properties: { firstname: 'first_name' } } },
    { accessToken, contacts: { properties: { 'First Name': 'record.first_name' } } },
    { accessToken, contacts: { clear: 'yes' } },
    { accessToken, erasure: 'delete' },
    { accessToken, timezone: 'Berlin' },
    { accessToken, baseUrl: 'http://api.hubapi.com' },
    { accessToken, objects: [{ objectType: 'contacts', idProperty: 'email' }] },
    { accessToken, objects: [{ objectType: 'companies' }] },
    { accessToken, objects: [{ from: 'user', objectType: 'companies', idProperty: 'x' }] },
  ],
  // Batches are accounted for input by input, which an answer of `{}` cannot do: only what is one call is taken by it.
  jobs: () => [
    ...sampleJobs(),
    makeJob({ type: 'event', data: { id: 9002, title: 'Gone', status: 'Draft' }, left: true, n: 9 }),
  ],
})
