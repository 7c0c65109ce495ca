import { describe, expect, it } from 'vitest'
import { problemsOf, settingsOf } from '../kit/config.ts'

describe('bevy', () => {
  it('absent, or with an empty address, means no access', async () => {
    expect((await settingsOf('routes: []')).bevy).toBeUndefined()
    expect((await settingsOf('bevy: { api: "${API:-}", token: "${KEY:-}" }')).bevy).toBeUndefined()
  })

  it('has defaults, and its token is a secret', async () => {
    const { bevy, secretValues } = await settingsOf(
      'bevy: { api: "https://community.example.org/api/", token: "${KEY}", reconcile: {} }',
      { KEY: '12345678' },
    )
    expect(bevy).toEqual({
      api: 'https://community.example.org/api',
      token: '12345678',
      rate: { limit: 2, per: 1000 },
      pageSize: 100,
      joins: true,
      reconcile: { every: 86_400_000, span: 3 * 86_400_000, types: ['event', 'attendee', 'chapter', 'chaptermember'] },
      allowHttp: false,
      allowPrivateNetworks: false,
    })
    expect(secretValues).toContain('12345678')
  })

  it.each([
    ['api: https://a.example/api', 'bevy.token: is missing: bevy.api needs it'],
    ['api: community, token: x', 'bevy.api'],
    ['api: https://a.example/api, token: x, pageSize: 501', 'bevy.pageSize'],
    ['api: https://a.example/api, token: x, reconcile: { types: [user] }', 'bevy.reconcile.types'],
    ['api: https://a.example/api, tokn: x', 'token'],
    ['api: http://a.example/api, token: x', 'bevy.api: is plain http'],
  ])('%s', async (yaml, problem) => {
    expect((await problemsOf(`bevy: { ${yaml} }`)).join('\n')).toContain(problem)
  })
})
