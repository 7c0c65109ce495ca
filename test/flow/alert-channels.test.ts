import { describe, expect, it, onTestFinished } from 'vitest'
import { startFakePagerDuty, startFakeReceiver, startFakeSlack } from '../../src/alerts/hooks.fake.ts'
import { createEmailChannel } from '../../src/alerts/email.ts'
import { createPagerDutyChannel } from '../../src/alerts/pagerduty.ts'
import { createSlackChannel, toSlack } from '../../src/alerts/slack.ts'
import { startFakeSmtp } from '../../src/alerts/smtp.fake.ts'
import { createWebhookChannel } from '../../src/alerts/webhook.ts'
import { tryChannel, type Channel } from '../../src/alerts/channel.ts'
import { systemClock } from '../../src/clock.ts'
import { testMessage, type AlertMessage } from '../../src/core/alerts/text.ts'
import { NO_ALERTS, track, type TrackerInput } from '../../src/core/alerts/tracker.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createMemoryLog } from '../kit/log.ts'

const NOW = Date.now()
const RULES = { interval: 3_600_000, perHour: 20, grace: 0, remind: Infinity }
const storeId = 'teststore000'
const { signal } = new AbortController()

/** The two messages of one trouble, as the tracker makes them. */
function trouble(message = 'crm is paused: answered 401 <b>&'): [raised: AlertMessage, over: AlertMessage] {
  const input = (kind: 'raise' | 'recover'): TrackerInput => ({
    kind,
    cause: 'destination:paused',
    subject: 'crm',
    message,
  })
  const first = track(NO_ALERTS, input('raise'), NOW, 0, RULES)
  const second = track(first.state, input('recover'), NOW + 60_000, 0, RULES)
  return [first.messages[0] as AlertMessage, second.messages[0] as AlertMessage]
}

function deps(timeout = 5_000) {
  const http = createHttpClient({
    allowHttp: true,
    allowPrivateNetworks: true,
    timeout,
    userAgent: 'bevy-bridge/0',
    secrets: () => [],
    clock: systemClock,
    log: createMemoryLog(),
  })
  onTestFinished(() => http.close())
  return { http, clock: systemClock, storeId, version: '0' }
}

const send = (channel: Channel, message: AlertMessage) => tryChannel(channel, message, signal)

describe('slack', () => {
  it('takes raise, end and test', async () => {
    await using slack = await startFakeSlack()
    const channel = createSlackChannel({ kind: 'slack', webhookUrl: `${slack.url}/services/T/B/x` }, deps())
    for (const message of [...trouble(), testMessage('ops', NOW)]) {
      expect(await send(channel, message)).toEqual({ state: 'sent' })
    }
    expect(slack.problems).toEqual([])
    const [raised, over] = slack.taken.map(({ json }) => JSON.stringify(json))
    expect(raised).toContain('*crm is paused*')
    expect(raised).toContain('answered 401 &lt;b&gt;&amp;')
    expect(raised).toContain('`bevy-bridge status`')
    expect(over).toContain(':white_check_mark: *crm is sending again*')
  })

  it('a long text is cut to what Slack takes', () => {
    const [raised] = trouble('&'.repeat(5000))
    const { blocks } = toSlack(raised) as { blocks: { text?: { text: string } }[] }
    const text = blocks[0]?.text?.text ?? ''
    expect(text.length).toBeLessThanOrEqual(3000)
    expect(text).toMatch(/(?:&amp;)+…$/)
  })

  it.each([
    [403, 'action_prohibited', 'broken'],
    [404, 'no_service', 'broken'],
    [410, 'channel_is_archived', 'broken'],
    [400, 'invalid_payload', 'refused'],
    [500, '', 'retry'],
  ])('an answer of %i %s means %s', async (status, body, state) => {
    await using slack = await startFakeSlack()
    const channel = createSlackChannel({ kind: 'slack', webhookUrl: slack.url }, deps())
    slack.script.push({ status, body })
    expect(await send(channel, trouble()[0])).toMatchObject({ state })
  })

  it('asked to wait, and away', async () => {
    const slack = await startFakeSlack()
    const channel = createSlackChannel({ kind: 'slack', webhookUrl: slack.url }, deps())
    slack.script.push({ status: 429, headers: { 'retry-after': '7' } })
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'retry', after: 7000 })
    await slack[Symbol.asyncDispose]()
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'retry' })
  })
})

describe('webhook', () => {
  const settings = { kind: 'webhook', allowHttp: true, allowPrivateNetworks: true } as const

  it('is signed, has the same id on each try, and says all there is', async () => {
    const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
    await using hook = await startFakeReceiver(secret)
    const channel = createWebhookChannel({ ...settings, url: `${hook.url}/a`, secrets: [secret] }, deps())
    const [raised, over] = trouble()
    for (const message of [raised, raised, over]) expect(await send(channel, message)).toEqual({ state: 'sent' })
    expect(hook.problems).toEqual([])
    const ids = hook.taken.map(({ headers }) => headers['webhook-id'])
    expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false])
    expect(hook.taken[0]?.json).toEqual({
      type: 'alert.raised',
      timestamp: new Date(NOW).toISOString(),
      data: {
        key: raised.key,
        state: 'raised',
        since: new Date(NOW).toISOString(),
        severity: 'error',
        cause: 'destination:paused',
        subject: 'crm',
        title: 'crm is paused',
        text: 'crm is paused: answered 401 <b>&.',
        command: 'bevy-bridge status',
        count: 1,
      },
    })
    expect(hook.taken[2]?.json).toMatchObject({ type: 'alert.recovered' })
  })

  it('without secrets carries no signature', async () => {
    await using hook = await startFakeReceiver(undefined)
    const channel = createWebhookChannel({ ...settings, url: hook.url, secrets: [] }, deps())
    expect(await send(channel, trouble()[0])).toEqual({ state: 'sent' })
    expect(hook.problems).toEqual([])
  })
})

describe('pagerduty', () => {
  const settings = { kind: 'pagerduty', routingKey: 'R0UT1NGKEY0000000000000000000000', region: 'us' } as const

  it('triggers an incident and resolves that same one', async () => {
    await using pager = await startFakePagerDuty(settings.routingKey)
    const channel = createPagerDutyChannel(settings, deps(), pager.url)
    for (const message of trouble('x'.repeat(3000))) expect(await send(channel, message)).toEqual({ state: 'sent' })
    expect(pager.problems).toEqual([])
    const events = pager.taken.map(({ json }) => json)
    expect(events[0]).toMatchObject({
      event_action: 'trigger',
      payload: { severity: 'error', class: 'destination:paused', component: 'crm' },
    })
    expect(events[1]).toEqual({
      routing_key: settings.routingKey,
      event_action: 'resolve',
      dedup_key: events[0]?.['dedup_key'],
    })
  })

  it('a test leaves no incident behind', async () => {
    await using pager = await startFakePagerDuty(settings.routingKey)
    expect(await send(createPagerDutyChannel(settings, deps(), pager.url), testMessage('pager', NOW))).toEqual({
      state: 'sent',
    })
    expect(pager.taken.map(({ json }) => json?.['event_action'])).toEqual(['trigger', 'resolve'])
  })

  it('a wrong routing key is the channel, not the message', async () => {
    await using pager = await startFakePagerDuty('another')
    const channel = createPagerDutyChannel(settings, deps(), pager.url)
    expect(await send(channel, trouble()[0])).toEqual({
      state: 'broken',
      reason: 'PagerDuty knows no such routing key',
    })
    pager.script.push({ status: 429 }, { status: 400, body: '{"errors":["payload"]}' })
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'retry' })
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'refused' })
  })
})

describe('e-mail', () => {
  const user = { name: 'bridge', password: 'mail-secret-77' }
  const channelTo = (port: number, smtp: object = {}): Channel => {
    const channel = createEmailChannel(
      {
        kind: 'email',
        to: ['keeper@example.org', 'Second <second@example.org>'],
        from: 'Bevy Bridge <bridge@example.org>',
        smtp: { host: '127.0.0.1', port, tls: 'never', user: user.name, password: user.password, ...smtp },
      },
      deps(),
    )
    onTestFinished(() => channel.close())
    return channel
  }

  it('arrives at all addresses; the end answers the beginning', async () => {
    await using server = await startFakeSmtp(user)
    const channel = channelTo(server.port)
    for (const message of trouble('crm ist pausiert – „nein“'))
      expect(await send(channel, message)).toEqual({ state: 'sent' })
    const [raised, over] = server.mails
    expect(raised).toMatchObject({ from: 'bridge@example.org', to: ['keeper@example.org', 'second@example.org'] })
    expect(raised?.header('Subject')).toBe('[bevy-bridge] error: crm is paused')
    expect(raised?.header('Auto-Submitted')).toBe('auto-generated')
    expect(raised?.body()).toContain('crm ist pausiert – „nein“')
    expect(raised?.body()).toContain('More: bevy-bridge status')
    expect(raised?.header('Message-ID')).toMatch(/^<[a-z0-9-]+@teststore000\.bevy-bridge\.invalid>$/)
    expect(over?.header('In-Reply-To')).toBe(raised?.header('Message-ID'))
    expect(over?.header('References')).toBe(raised?.header('Message-ID'))
    expect(over?.header('Subject')).toBe('[bevy-bridge] over: crm is sending again')
  })

  it('needs no log-in where there is none', async () => {
    await using server = await startFakeSmtp()
    expect(await send(channelTo(server.port, { user: undefined }), trouble()[0])).toEqual({ state: 'sent' })
  })

  it('a wrong password and a refused address are the channel; what is over soon is tried again', async () => {
    await using server = await startFakeSmtp(user)
    const broken = await send(channelTo(server.port, { password: 'wrong-password' }), trouble()[0])
    expect(broken).toEqual({ state: 'broken', reason: 'the mail server answered 535 (EAUTH)' })
    const channel = channelTo(server.port)
    server.refusals.push({ at: 'login', code: 454 })
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'retry' })
    server.refusals.push({ at: 'recipient', code: 550 }, { at: 'recipient', code: 550 })
    const refused = await send(channel, trouble()[0])
    expect(refused).toMatchObject({ state: 'broken' })
    expect(JSON.stringify(refused)).not.toContain('@')
    server.refusals.push({ at: 'data', code: 451 }, { at: 'data', code: 554 })
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'retry' })
    expect(await send(channel, trouble()[0])).toMatchObject({ state: 'refused' })
    expect(await send(channel, trouble()[0])).toEqual({ state: 'sent' })
  })

  it('sends nothing in the clear where encryption is wanted', async () => {
    await using server = await startFakeSmtp(user)
    expect(await send(channelTo(server.port, { tls: 'starttls' }), trouble()[0])).toMatchObject({
      state: 'broken',
    })
    expect(server.mails).toEqual([])
  })

  it('an unreachable server is tried again', async () => {
    const server = await startFakeSmtp(user)
    await server[Symbol.asyncDispose]()
    expect(await send(channelTo(server.port), trouble()[0])).toMatchObject({ state: 'retry' })
  })
})
