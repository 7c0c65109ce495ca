import { describeUnseen, unseenFields } from '../core/expressions/unseen.ts'
import { toSeenFields } from '../core/records/fields.ts'
import { printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatConfig, formatLive, formatProblems } from './format-check.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, type Verb } from './verb.ts'

/** `check`: is the config right, and what does it mean. */
export function createCheckVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'check',
    summary: 'Check the config, and list destinations, routes and what to switch on in Bevy.',
    description: [
      'Reads the config as `start` would, without starting anything. Every problem is printed at once as `file:line:column path: what is wrong`. Warnings do not fail the check; with a bridge that has taken deliveries in, they include fields that the config reads and that never came. --live asks every destination too, sends nothing, and says in one line each what is missing.',
    ],
    examples: [
      ['', 'the config that `start` would use'],
      ['--live', 'asks Slack, HubSpot and all others too'],
      ['-c bevy-bridge.yaml -c staging.yaml', 'two files, the second on top of the first'],
    ],
    args: {
      live: { type: 'boolean', description: 'Also ask each destination: credentials, scopes, channels, properties.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ json, live }, { config }) {
      const report = await deps.loadConfig(config)
      if (!report.ok) {
        if (json) printJson(deps, { ok: false, problems: report.problems })
        else deps.stdout.write(formatProblems(report.problems, deps.cwd))
        return 1
      }
      const { settings, warnings, switches } = report
      const unseen = unseenFields(settings, toSeenFields((await deps.seenFields(settings)) ?? []))
      const checks = live === true ? await deps.checkLive(settings) : []
      const well = checks.every(({ problems }) => problems.length === 0)
      if (json) {
        const destinations = settings.destinations.map(({ name, plugin, mode }) => ({
          name,
          plugin: plugin.name,
          mode,
        }))
        const routes = settings.routes.map(({ name, to }) => ({ name, to }))
        const asked = live === true ? { live: checks } : {}
        printJson(deps, { ok: well, files: settings.files, warnings, destinations, routes, switches, unseen, ...asked })
        return well ? 0 : 1
      }
      const paint = createPaint(deps.stdout, deps.env)
      for (const warning of warnings) deps.stdout.write(paint.odd('warning: ') + formatProblems([warning], deps.cwd))
      for (const one of unseen) deps.stdout.write(`${paint.odd('warning: ')}${describeUnseen(one)}\n`)
      deps.stdout.write(formatConfig(settings, switches, paint))
      deps.stdout.write(formatLive(checks, paint))
      if (!well) return 1
      deps.stdout.write(`${paint.good('ok')}  ${settings.files.join(', ')}\n`)
      return 0
    },
  })
}
