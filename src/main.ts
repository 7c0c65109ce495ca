#!/usr/bin/env node
/** The command line: `node src/main.ts <verb>`. Hands the verbs what they need of the rest. */

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { connectAdmin } from './admin/client.ts'
import { testAlerts } from './app/alert-test.ts'
import { askPerson } from './app/ask.ts'
import { createLoad, PLUGINS } from './app/load.ts'
import { checkLive, tryOut } from './app/live.ts'
import { openOffline } from './app/offline.ts'
import { rebuildOffline } from './app/rebuild.ts'
import { readSecret } from './app/secret.ts'
import { askSeenFields } from './app/seen-fields.ts'
import { startProcess } from './app/start-process.ts'
import { runCli } from './cli/run-cli.ts'
import { systemClock } from './clock.ts'
import { PACKAGE_ROOT } from './config/find.ts'
import { initFiles } from './config/init-files.ts'
import { configJsonSchema } from './config/json-schema.ts'
import { switchesOf } from './core/bevy/switches.ts'
import { createLog } from './log.ts'

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
const interrupted = new AbortController()
const cwd = process.cwd()
// A second one ends the process as usual; `start` listens for itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())

const load = createLoad({ cwd, env: process.env })
const quiet = createLog({ level: 'warn', stream: process.stderr, secrets: () => [] })

const live = { clock: systemClock, log: quiet, version, signal: interrupted.signal }

const code = await runCli(process.argv.slice(2), {
  version,
  stdout: process.stdout,
  stderr: process.stderr,
  async stdin() {
    const chunks: Uint8Array[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
    return Buffer.concat(chunks)
  },
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  ask: (question) =>
    askPerson(question, {
      input: process.stdin,
      output: process.stdout,
      signal: interrupted.signal,
      interrupt: () => interrupted.abort(),
    }),
  env: process.env,
  cwd,
  clock: systemClock,
  signal: interrupted.signal,
  start: ({ config, ...log }) =>
    startProcess({ version, ...log, load: () => load(config), exit: (status) => process.exit(status) }),
  async loadConfig(files) {
    const loaded = await load(files)
    return loaded.ok ? { ...loaded, switches: switchesOf(loaded.settings.routes) } : loaded
  },
  connectAdmin: ({ admin, storage }) => connectAdmin(admin, storage.path),
  openOffline: (settings) => openOffline(settings, { clock: systemClock, log: quiet, version }),
  rebuild: (settings, progress) =>
    rebuildOffline(settings, { clock: systemClock, log: quiet, signal: interrupted.signal, progress }),
  seenFields: (settings) => askSeenFields(settings, { clock: systemClock, log: quiet, version }),
  checkLive: (settings) => checkLive(settings, live),
  tryOut: (settings, destination, ask) => tryOut(settings, destination, ask, live),
  testAlerts: (settings, channels) => testAlerts(settings, channels, live),
  bevySecret: async ({ receiver, storage }) => receiver.secrets[0] ?? (await readSecret(storage.path)),
  async torture(settings, options) {
    // Only here: every other verb starts sooner without it.
    const { startTorture } = await import('./app/torture.ts')
    return startTorture(settings, options, {
      clock: systemClock,
      signal: interrupted.signal,
      cwd,
      env: process.env,
      log: quiet,
      load,
      progress: (line) => void process.stderr.write(`torture: ${line}\n`),
    })
  },
  initFiles: () => initFiles({ secret: randomBytes(32).toString('base64url'), schema: schemaFrom(cwd) }),
  jsonSchema: () => configJsonSchema(PLUGINS),
})
process.exitCode = code

/** Where editors find the schema, as seen from a folder. */
function schemaFrom(folder: string): string {
  const file = join(PACKAGE_ROOT, 'config', 'schema.json')
  return existsSync(file) ? relative(folder, file) || file : 'schema.json'
}
