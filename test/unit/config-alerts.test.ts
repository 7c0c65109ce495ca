import { describe, expect, it } from 'vitest'
import { folderOf, goodSettings, loadFrom, problemsOf, settingsOf } from '../kit/config.ts'

const HEAD = 'alerts:\n  channels:\n    ops: { kind: slack, webhookUrl: "https://hooks.slack.com/services/x" }\n'
const TAIL = 'routes: [{ name: r, to: [s] }]\n'

const MISTAKES: [what: string, yaml: string, ...lines: string[]][] = [
  [
    'a kind there is none of',
    'alerts: { channels: { ops: { kind: slak, webhookUrl: x } } }\n',
    'c.yaml:1:36 alerts.channels.ops.kind: expected one of slack, webhook, pagerduty, email (did you mean "slack"?)',
  ],
  [
    'no kind',
    'alerts:\n  channels:\n    ops: { webhookUrl: x }\n',
    'c.yaml:3:5 alerts.channels.ops.kind: is required: one of slack, webhook, pagerduty, email',
  ],
  [
    'channels that are not whole',
    'alerts:\n  channels:\n    a: { kind: slack, webhookUrl: "http://hooks.slack.com/x" }\n    b: { kind: webhook, url: "ftp://x", secrets: [short] }\n' +
      '    c: { kind: pagerduty, region: uk }\n    d: { kind: email, to: [nobody], from: "A <a@example.org>", smtp: { prt: 25 } }\n    E: { kind: slack, webhookUrl: "https://x.org" }\n',
    'c.yaml:3:35 alerts.channels.a.webhookUrl: expected an https URL such as https://hooks.slack.com/services/…',
    'c.yaml:4:30 alerts.channels.b.url: expected a URL such as https://example.org/path',
    'c.yaml:4:51 alerts.channels.b.secrets[0]: must begin with whsec_ (v1) or whsk_ (v1a)',
    'c.yaml:5:5 alerts.channels.c.routingKey: is required: text',
    'c.yaml:5:35 alerts.channels.c.region: expected one of us, eu (did you mean "us"?)',
    'c.yaml:6:28 alerts.channels.d.to[0]: expected an e-mail address',
    'c.yaml:6:64 alerts.channels.d.smtp.host: is required: text',
    'c.yaml:6:72 alerts.channels.d.smtp.prt: unknown key (did you mean "port"?)',
    'c.yaml:7:5 alerts.channels.E: expected a name of small letters, digits and -, 40 at most',
  ],
  [
    'URLs that no request would go to',
    'alerts:\n  channels:\n    a: { kind: webhook, url: "http://example.org/x" }\n    b: { kind: webhook, url: "https://10.0.0.1/x" }\n' +
      '    c: { kind: webhook, url: "http://localhost/x", allowHttp: true, allowPrivateNetworks: true }\n  heartbeat: { url: "http://example.org/x" }\n',
    'c.yaml:3:30 alerts.channels.a.url: is plain http: use https, or set allowHttp: true beside it',
    'c.yaml:4:30 alerts.channels.b.url: is a private address: set allowPrivateNetworks: true beside it if that is meant',
    'c.yaml:6:21 alerts.heartbeat.url: is plain http: use https, or set allowHttp: true beside it',
  ],
  [
    'a mistyped channel, and a mistyped cause',
    `${HEAD}destinations:\n  s: { plugin: stateful, notify: { dead: [opps, ops], pausd: [ops] } }\n${TAIL}`,
    'c.yaml:5:43 destinations.s.notify.dead[0]: there is no channel "opps" (did you mean "ops"?)',
    'c.yaml:5:55 destinations.s.notify.pausd: unknown key (did you mean "paused"?)',
  ],
  [
    'a channel where there are none',
    `destinations:\n  s: { plugin: stateful, notify: { late: [ops] } }\n${TAIL}`,
    'c.yaml:2:43 destinations.s.notify.late[0]: there is no channel "ops"',
  ],
  [
    'rules that are none',
    'alerts: { rules: { interval: 0, perHour: 0, remind: often, late: never } }\n',
    'c.yaml:1:30 alerts.rules.interval: must be longer than 0',
    'c.yaml:1:42 alerts.rules.perHour: expected number to be >=1',
    expect.stringMatching(/^c\.yaml:1:53 alerts\.rules\.remind: must be a duration such as/) as unknown as string,
  ],
]

describe('alerts in a config', () => {
  it.each(MISTAKES)('%s', async (_what, yaml, ...lines) => {
    expect(await problemsOf(yaml)).toEqual(lines)
  })

  it('need nothing: no channel, and rules that can be lived with', async () => {
    const { alerts, admin } = await settingsOf('routes: []\n')
    expect(alerts).toEqual({
      channels: {},
      notify: {},
      rules: {
        interval: 3_600_000,
        perHour: 20,
        grace: 60_000,
        remind: 86_400_000,
        late: 3_600_000,
        silence: undefined,
      },
    })
    expect(admin.metrics).toBe('token')
  })

  it('all secrets of them are known, ports and lists are filled in, and who is told is no change of a destination', async () => {
    const yaml = (notify: string): string => `${HEAD}    mail:
      kind: email
      to: a@example.org
      from: Bevy <b@example.org>
      smtp: { host: mail.example.org, tls: always, user: u, password: "\${PASSWORD}" }
    hook: { kind: webhook, url: "https://example.org/canary-url", secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
    pager: { kind: pagerduty, routingKey: canary-routing-key }
  heartbeat: { url: "\${PING}", every: 30s }
  rules: { remind: never, silence: 2h }
destinations:
  s: { plugin: stateful, notify: { ${notify} } }
${TAIL}`
    const env = { PASSWORD: '87654321', PING: 'https://hc-ping.com/canary-uuid' }
    const folder = await folderOf({ 'c.yaml': yaml('dead: [mail], late: []'), 'other.yaml': yaml('paused: [ops]') })
    const { alerts, secretValues, destinations } = goodSettings(await loadFrom(folder, { env }))
    expect(alerts.channels['mail']).toMatchObject({ to: ['a@example.org'], smtp: { port: 465, password: '87654321' } })
    expect(alerts.channels['pager']).toMatchObject({ region: 'us' })
    expect(alerts.notify).toEqual({ s: { dead: ['mail'], late: [] } })
    expect(alerts.rules).toMatchObject({ remind: Infinity, silence: 7_200_000 })
    expect(alerts.heartbeat).toMatchObject({ url: env.PING, every: 30_000 })
    for (const secret of [
      'https://hooks.slack.com/services/x',
      'https://example.org/canary-url',
      'canary-routing-key',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      env.PASSWORD,
      env.PING,
    ]) {
      expect(secretValues).toContain(secret)
    }
    const other = goodSettings(await loadFrom(folder, { env, files: ['other.yaml'] }))
    expect(other.destinations[0]?.fingerprint).toBe(destinations[0]?.fingerprint)
  })

  it('a heartbeat whose variable is not set is off', async () => {
    expect((await settingsOf('alerts: { heartbeat: { url: "${PING:-}" } }\n')).alerts.heartbeat).toBeUndefined()
  })
})
