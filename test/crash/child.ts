/** The bridge as the crash suite runs it: the real process, with points at which it may kill itself. Arguments: its folder, then config files. */

import csv from '../../plugins/csv/index.ts'
import { diskFiles, type Files, type OpenFile } from '../../plugins/csv/files.ts'
import { createLogSender } from '../../plugins/csv/log-sender.ts'
import { createLoad, PLUGINS } from '../../src/app/load.ts'
import { startProcess } from '../../src/app/start-process.ts'
import type { Plugin } from '../../src/core/plugin-contract.ts'
import { end, pass, readPlan } from './kill-points.ts'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const [folder = '', ...files] = process.argv.slice(2)
const plan = readPlan(folder)

const point = (name: string): void => {
  if (pass(plan)) end(plan, name)
}

function wrapFile(inner: OpenFile): OpenFile {
  return {
    ...inner,
    async write(bytes) {
      if (pass(plan)) {
        await inner.write(bytes.subarray(0, Math.floor(bytes.length / 2)))
        end(plan, 'in a write')
      }
      await inner.write(bytes)
    },
  }
}

const disk: Files = {
  ...diskFiles,
  async create(file) {
    const made = wrapFile(await diskFiles.create(file))
    point('after a file was made')
    return made
  },
  open: async (file) => wrapFile(await diskFiles.open(file)),
}

const plugins = new Map<string, Plugin>([
  ...PLUGINS,
  ['csv', { ...csv, create: (options, context) => createLogSender(options as never, context, disk) } as Plugin],
])

process.stdin.on('close', () => process.exit(1)).resume()
const load = createLoad({ cwd: process.cwd(), env: process.env, plugins })
const code = await startProcess({
  version: 'crash',
  logLevel: 'info',
  logFormat: 'json',
  load: () => load(files),
  exit: (status) => process.exit(status),
  internals: { faults: { module: new URL(`./kill-points.${extension}`, import.meta.url).href, data: plan } },
})
process.exit(code)
