import { describe, expect, it } from 'vitest'
import type { AlertTest } from '../../src/core/dispatch/reports.ts'
import type { Settings } from '../../src/core/settings.ts'
import { banner } from '../../src/app/banner.ts'
import { cliSettings, runTestCli } from '../kit/cli.ts'

const ops = { kind: 'slack', webhookUrl: 'https://hooks.slack.com/x' } as const
const pager = { kind: 'pagerduty', routingKey: 'k', region: 'us' } as const
const withChannels = (channels: Settings['alerts']['channels']): Settings => {
  const settings = cliSettings()
  return { ...settings, alerts: { ...settings.alerts, channels } }
}
const cli = (
  argv: string[],
  answers: readonly AlertTest[],
  channels: Settings['alerts']['channels'] = { ops, pager },
) => {
  const asked: (readonly string[])[] = []
  const run = runTestCli(argv, {
    loadConfig: async () => ({ ok: true, settings: withChannels(channels), warnings: [], switches: [] }),
    async testAlerts(_settings, names) {
      asked.push(names)
      return answers
    },
  })
  return run.then((result) => ({ ...result, asked }))
}

describe('alerts test', () => {
  it('tries all channels and says what came back', async () => {
    const answers = [
      { channel: 'ops', kind: 'slack', ok: true },
      { channel: 'pager', kind: 'pagerduty', ok: false, reason: 'PagerDuty knows no such routing key' },
    ]
    const { code, out, asked } = await cli(['alerts', 'test'], answers)
    expect([code, asked]).toEqual([1, [['ops', 'pager']]])
    expect(out).toBe('ops    slack      sent\npager  pagerduty  not sent: PagerDuty knows no such routing key\n')
    expect(JSON.parse((await cli(['alerts', 'test', '--json'], answers)).out)).toEqual(answers)
  })

  it('tries the one that is named', async () => {
    const { code, asked } = await cli(['alerts', 'test', 'ops'], [{ channel: 'ops', kind: 'slack', ok: true }])
    expect([code, asked]).toEqual([0, [['ops']]])
  })

  it('says what is wrong with the command line, and where there is nothing to try', async () => {
    expect((await cli(['alerts', 'test', 'opps'], [])).err).toContain(
      'there is no channel "opps" (did you mean "ops"?); there are ops, pager',
    )
    expect((await cli(['alerts', 'tset'], [])).err).toContain('alerts knows no "tset" (did you mean "test"?)')
    expect(await cli(['alerts', 'test'], [], {})).toMatchObject({
      code: 1,
      out: expect.stringContaining('no channel is set'),
    })
  })
})

describe('the start banner', () => {
  const shown = (channels: Settings['alerts']['channels']): string =>
    banner({
      settings: withChannels(channels),
      secrets: { values: ['x'], origin: 'config' },
      version: '1',
      runtime: 'node',
      url: 'http://127.0.0.1:1/bevy',
      terminal: false,
    })

  it('names the channels of alerts, or says that nobody is told', () => {
    expect(shown({ ops, pager })).toContain('alerts        ops (slack), pager (pagerduty)\n')
    expect(shown({})).toContain('alerts        to this log only: nobody is told when something goes wrong')
  })
})
