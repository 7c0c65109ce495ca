import { didYouMean } from '../core/suggest.ts'
import { loadOrExplain, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { alignColumns, createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, usageError, type Verb } from './verb.ts'

/** `alerts test`: does an alert arrive where it should. */
export function createAlertsVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'alerts',
    summary: 'Try the channels that alerts go through.',
    description: [
      '`alerts test` sends one message through each channel of the config, or through the one that is named, and says what came back. Nothing is tried again, and no bridge need run. PagerDuty is sent an incident and its end.',
    ],
    examples: [
      ['test', 'all channels'],
      ['test ops', 'the channel ops'],
    ],
    args: {
      action: { type: 'positional', required: true, valueHint: 'test', description: 'test: the only one there is.' },
      channel: {
        type: 'positional',
        required: false,
        valueHint: 'CHANNEL',
        description: 'Name of a channel. Default: all.',
      },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ action, channel, json }, { config }) {
      if (action !== 'test') throw usageError(`alerts knows no "${action}"${didYouMean(action, ['test'])}`)
      const loaded = await loadOrExplain(deps, config)
      if (loaded === undefined) return 1
      const names = Object.keys(loaded.settings.alerts.channels)
      if (channel !== undefined && !names.includes(channel)) {
        const known = names.length === 0 ? 'there are none under alerts.channels' : `there are ${names.join(', ')}`
        throw usageError(`there is no channel "${channel}"${didYouMean(channel, names)}; ${known}`)
      }
      const tested = await deps.testAlerts(loaded.settings, channel === undefined ? names : [channel])
      const well = tested.length > 0 && tested.every(({ ok }) => ok)
      if (json) printJson(deps, tested)
      else if (tested.length === 0)
        deps.stdout.write('no channel is set: alerts go to the log only (alerts.channels)\n')
      else {
        const paint = createPaint(deps.stdout, deps.env)
        const rows = tested.map(({ channel: name, kind, ok, reason }) => [
          name,
          kind,
          ok ? paint.good('sent') : `${paint.bad('not sent')}: ${reason ?? 'no reason given'}`,
        ])
        deps.stdout.write(`${alignColumns(rows).join('\n')}\n`)
      }
      return well ? 0 : 1
    },
  })
}
