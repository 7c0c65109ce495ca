import type { Finding } from '../core/doctor/report.ts'
import type { Settings } from '../core/settings.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps, ConfigReport, ExitCode } from './deps.ts'
import { formatProblems } from './format-check.ts'
import { formatDoctor } from './format-doctor.ts'
import { runProbe } from './probe.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, numberOf, usageError, type Verb } from './verb.ts'

/** `doctor`: what is wrong, and what this Bevy seems to do. */
export function createDoctorVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'doctor',
    summary: 'Look at everything once: what should be mended and how, and what this Bevy seems to do.',
    description: [
      'Says what Bevy seems to take for an acknowledgment and when it tries again, when each secret was last used, how the destinations, the disk and the clock are, and who is told of trouble. Each finding names the command or setting that mends it. Ends with 1 when there is one.',
      'The bridge notes which refused deliveries came again and after how long. While it answers 200 or not at all, as it does by default, that shows the delays alone. --probe finds out the rest with a test instance of Bevy: it asks you to change one record there, stores each of its deliveries as always, answers three of them otherwise than by 200, and watches which come again. It takes up to two hours, ends by itself, and is off after a restart. Not for the instance your community uses: where a change is made meanwhile, Bevy may believe what was answered.',
    ],
    examples: [
      ['', 'for people'],
      ['--json', 'for programs'],
      ['--probe', 'at a terminal, with a test instance of Bevy'],
      ['--probe --speed 600', 'the same against bevy-bridge simulate --speed 600'],
    ],
    args: {
      probe: { type: 'boolean', description: 'Find out with a test instance of Bevy; asks questions.' },
      speed: {
        type: 'string',
        valueHint: 'N',
        description: 'With --probe: Bevy is a simulation that runs so many times faster. Nothing of it is kept.',
      },
      'end-probe': { type: 'boolean', description: 'End the probe that is on.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run(args, { config }) {
      const { json, probe, speed } = args
      if (probe !== true && speed !== undefined) throw usageError('--speed goes with --probe')
      if (args['end-probe']) {
        return askBridge(deps, config, async (bridge) => {
          const ended = await bridge.endProbe({})
          if (json) printJson(deps, ended ?? null)
          else deps.stdout.write(ended === undefined ? 'no probe is on\n' : 'no probe is on any more\n')
          return ended === undefined ? 1 : 0
        })
      }
      if (probe) {
        if (!deps.interactive || json) {
          throw usageError('--probe asks questions: run it at a terminal, without --json')
        }
        const times = numberOf(speed, 'speed', 1, { min: 1 })
        return askBridge(deps, config, (bridge) => runProbe(bridge, times, deps))
      }
      const loaded = await deps.loadConfig(config)
      return askBridge(deps, config, async (bridge, settings) => {
        const report = await bridge.doctor({})
        const findings = [...report.findings, ...ofConfig(loaded, settings, report, deps)]
        if (json) printJson(deps, { ...report, findings })
        else deps.stdout.write(formatDoctor({ ...report, findings }, createPaint(deps.stdout, deps.env)))
        return exitCode(findings)
      })
    },
  })
}

function exitCode(findings: readonly Finding[]): ExitCode {
  return findings.length > 0 ? 1 : 0
}

/** What the config here and the program here say of the bridge that runs. */
function ofConfig(
  loaded: ConfigReport,
  { hash }: Settings,
  { state, version, config }: { readonly state: string; readonly version: string; readonly config: string },
  deps: CliDeps,
): Finding[] {
  const odd = (about: string, what: string, mend: string): Finding => ({ severity: 'odd', about, what, mend })
  const found: Finding[] = []
  if (state === 'running' && version !== deps.version) {
    const what = `version ${version} runs, ${deps.version} is installed`
    found.push(odd('version', what, 'stop it and `bevy-bridge start`'))
  }
  if (state === 'running' && !hash.startsWith(config)) {
    const what = 'the config read here is not the one in force'
    found.push(odd('config', what, 'look at the log for why it was not taken over, or restart; `bevy-bridge check`'))
  }
  for (const warning of loaded.ok ? loaded.warnings : []) {
    found.push(odd('config', formatProblems([warning], deps.cwd).trim(), 'the line it names'))
  }
  return found
}
