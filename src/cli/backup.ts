import { resolve } from 'node:path'
import { formatSize } from '../core/durations.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatAge } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, type Verb } from './verb.ts'

/** `backup`: copy the store while it is in use. */
export function createBackupVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'backup',
    summary: 'Copy the store into a new folder; receiving and sending go on meanwhile.',
    description: [
      'The folder holds the database as it was at one moment, and the secret the bridge made for Bevy, if it made one. It has its name once it is whole and on the disk. Files written by destinations (CSV exports) and the config are not in it. It holds data of people: erase does not reach it.',
      'To restore: stop the bridge, put the files of the backup into an empty data folder, start. docs/operating.md says what to do then.',
      'Works on a running bridge, which writes the folder itself, and on the store of one that does not run.',
    ],
    examples: [
      ['/mnt/backup', 'makes /mnt/backup/bevy-bridge-20260301T031500Z'],
      ['', 'in the folder backups of the data folder'],
    ],
    args: {
      folder: {
        type: 'positional',
        required: false,
        description: 'Folder for backups. Default: backups in the data folder.',
      },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    run: ({ folder, json }, { config }) =>
      askBridge(deps, config, async (bridge) => {
        const to = folder === undefined ? {} : { to: resolve(deps.cwd, folder) }
        const report = await bridge.backup(to)
        if (json) printJson(deps, report)
        else {
          const { bytes, duration } = report
          deps.stdout.write(`${report.folder}: ${formatSize(bytes)} in ${formatAge(duration)}\n`)
        }
        return 0
      }),
  })
}
