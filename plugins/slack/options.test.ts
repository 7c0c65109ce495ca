import { describe, expect, it } from 'vitest'
import { readsOf } from '../../src/core/expressions/expressions.ts'
import { makeJob } from '../../src/testing.ts'
import { channelOf } from './channel.ts'
import slack from './index.ts'

const WEBHOOK = { webhookUrl: 'https://hooks.slack.com/services/T0/B0/secret-part' }
const TOKEN = { token: 'xoxb-a-token', channel: 'C0EVENTS' }
const problems = (given: unknown): string[] =>
  (slack.options.safeParse(given).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('options', () => {
  it('a URL alone, or a token and a channel, will do', () => {
    expect(problems(WEBHOOK)).toEqual([])
    expect(problems(TOKEN)).toEqual([])
  })

  it.each([
    [{}, 'needs either webhookUrl or token'],
    [{ ...WEBHOOK, token: 'xoxb-1' }, 'not both'],
    [{ token: 'xoxb-1' }, 'channel: is missing'],
    [{ ...TOKEN, token: 'abc' }, 'token: must be a bot token'],
    [{ ...TOKEN, channel: '#events' }, 'channel: must be the id of a channel'],
    [{ ...TOKEN, channel: 'events' }, 'channel: must be the id of a channel'],
    [{ ...TOKEN, channel: { path: 'chaptr.id' } }, 'channel.path: "chaptr.id" does not start with one of'],
    [{ ...WEBHOOK, channel: 'C0EVENTS' }, 'channel: has no effect with webhookUrl'],
    [{ ...WEBHOOK, username: 'Bevy' }, 'username: has no effect with webhookUrl'],
    [{ webhookUrl: 'http://hooks.slack.com/services/x' }, 'webhookUrl: must be https'],
    [{ webhookUrl: 'hooks.slack.com' }, 'webhookUrl: must be a URL'],
    [{ webhookUrl: 'https://10.0.0.1/hooks/x' }, 'webhookUrl: leads to a private address'],
    [{ webhookUrl: 'https://hooks.slack.com/triggers/T0/1/x' }, 'webhookUrl: is the URL of a workflow'],
    [{ ...TOKEN, icon: 'tada' }, 'icon: must be an emoji'],
    [{ ...WEBHOOK, messages: { 'event.publishd': false } }, 'event.publishd'],
    [{ ...WEBHOOK, messages: { 'event.published': 7 } }, 'messages.event.published: must be a template'],
    [
      { ...WEBHOOK, messages: { 'event.published': '{{ evnt.title }}' } },
      'messages.event.published: "evnt" does not start with one of',
    ],
    [
      {
        ...WEBHOOK,
        messages: {
          'event.published': { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '{{ x | nofilter }}' } }] },
        },
      },
      'messages.event.published.blocks.0.text.text: template: undefined filter',
    ],
    [{ ...WEBHOOK, messages: { digest: { blocks: [{ text: 'no type' }] } } }, 'messages.digest.blocks.0: is no block'],
    [{ ...WEBHOOK, messages: { digest: { blocks: [] } } }, 'messages.digest.blocks: must be 1 to 50 blocks'],
  ])('%j: %s', (given, expected) => expect(problems(given).join('\n')).toContain(expected))

  it('a private address is allowed when it is wanted', () => {
    expect(problems({ webhookUrl: 'http://10.0.0.1/hooks/x', allowPrivateNetworks: true })).toEqual([])
  })
})

describe('channel', () => {
  const found = (channel: unknown): string | undefined => {
    const { way } = slack.options.parse({ ...TOKEN, channel })
    return way.kind === 'token' ? channelOf(way.channel, makeJob()) : undefined
  }

  it.each([
    ['C0EVENTS', 'C0EVENTS'],
    ['{{ chapter.city | upcase }}', 'PORTLAND'],
    [{ value: 'CX1' }, 'CX1'],
    [{ path: 'chapter.id', map: { 77: 'C0CENTRAL' } }, 'C0CENTRAL'],
    [{ path: 'chapter.id', map: { 78: 'C0OTHER' } }, undefined],
    ['chapter.no_such_field', undefined],
  ])('%j is %s', (channel, expected) => expect(found(channel)).toBe(expected))
})

describe('what is waited for', () => {
  it('built-in messages wait for event and chapter, never for a user: in many instances none is sent', () => {
    expect([...readsOf(slack.options.parse(WEBHOOK))].sort()).toEqual(['chapter', 'event'])
  })

  it('what the config writes waits for all it reads', () => {
    const own = {
      'chaptermember.joined': { blocks: [{ type: 'markdown', text: 'Hi {{ user.first_name }}' }] },
      digest: '{{ record.count }} {{ answers.x }}',
    }
    expect([...readsOf(slack.options.parse({ ...WEBHOOK, messages: own }))].sort()).toEqual([
      'answers',
      'chapter',
      'event',
      'record',
      'user',
    ])
  })
})

describe('what belongs to what', () => {
  it('a token is an account, its channels are buckets; a webhook is one channel', () => {
    const token = slack.options.parse(TOKEN)
    expect(slack.limits?.(token)).toEqual({ account: 'xoxb-a-token', bucketRate: { limit: 1, per: 1100 } })
    expect(slack.limits?.(slack.options.parse(WEBHOOK))).toMatchObject({ account: WEBHOOK.webhookUrl })
  })
})
