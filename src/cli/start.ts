import type { CliDeps } from './deps.ts'
import { CONFIG_ARG, defineVerb, oneOf, type Verb } from './verb.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
const FORMATS = ['auto', 'pretty', 'json'] as const

/** `start`: run the bridge. */
export function createStartVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'start',
    summary: 'Run the bridge.',
    description: [
      'Receives what Bevy sends, stores it, and keeps every configured destination up to date with it, until SIGTERM or SIGINT: it then finishes what is under way within 8 seconds. A second signal ends it at once. SIGHUP reads the config again.',
      'BEVY_BRIDGE_LOG_LEVEL and BEVY_BRIDGE_LOG_FORMAT in the environment set the log where the options below do not.',
    ],
    examples: [
      ['', 'with bevy-bridge.yaml here, else with config/bevy-bridge.yaml'],
      ['-c /etc/bevy-bridge/bevy-bridge.yaml --log-format json', 'as a service'],
    ],
    args: {
      ...CONFIG_ARG,
      'log-level': {
        type: 'string',
        valueHint: 'LEVEL',
        description: 'debug, info, warn, error or silent. Default: info.',
      },
      'log-format': {
        type: 'string',
        valueHint: 'FORMAT',
        description: 'pretty, json, or auto: pretty on a terminal, else one JSON object a line. Default: auto.',
      },
    },
    async run(args, { config }) {
      const { 'log-level': level, 'log-format': format } = args
      return deps.start({
        config,
        ...(level !== undefined && { logLevel: oneOf(level, 'log-level', LEVELS, 'info') }),
        ...(format !== undefined && { logFormat: oneOf(format, 'log-format', FORMATS, 'auto') }),
      })
    },
  })
}
