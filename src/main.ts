#!/usr/bin/env node
/** The command line: `node src/main.ts <verb>`. Hands the verbs what they need of the rest. */

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { connectAdmin } from './admin/client.ts'
import { openOffline } from './app/offline.ts'
import { run } from './app/run.ts'
import { readSecret } from './app/secret.ts'
import { builtins } from './builtins.ts'
import { runCli } from './cli/run-cli.ts'
import { systemClock } from './clock.ts'
import { findConfig, PACKAGE_ROOT } from './config/find.ts'
import { initFiles } from './config/init-files.ts'
import { configJsonSchema } from './config/json-schema.ts'
import { loadConfig } from './config/load.ts'
import { createPluginLoader } from './config/plugin-loader.ts'
import { switchesOf } from './core/switches.ts'
import { createLog, logOptionsFrom } from './log.ts'
import * as contract from './plugin.ts'

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
const plugins = new Map(builtins.map((plugin) => [plugin.name, plugin]))
const loadPlugin = createPluginLoader(contract)
const interrupted = new AbortController()
const cwd = process.cwd()
// A second one ends the process as usual; `start` listens for itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())

const load = (named: readonly string[]) =>
  loadConfig({ ...findConfig(cwd, named), env: process.env, plugins, loadPlugin })

const quiet = createLog({ level: 'warn', stream: process.stderr, secrets: () => [] })

const code = await runCli(process.argv.slice(2), {
  version,
  stdout: process.stdout,
  stderr: process.stderr,
  async stdin() {
    const chunks: Uint8Array[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
    return Buffer.concat(chunks)
  },
  env: process.env,
  cwd,
  clock: systemClock,
  signal: interrupted.signal,
  start({ config, logLevel, logFormat }) {
    let hidden: readonly string[] = []
    const log = createLog({
      ...logOptionsFrom(process.env),
      ...(logLevel === undefined ? {} : { level: logLevel }),
      ...(logFormat === undefined ? {} : { format: logFormat }),
      stream: process.stdout,
      secrets: () => hidden,
    })
    // A promise that a plugin let go must not take the deliveries of all others down with it.
    process.on('unhandledRejection', (reason) => log.error('unhandled rejection', {}, reason))
    process.on('uncaughtException', (error) => {
      log.error('uncaught exception', {}, error)
      process.exit(1)
    })
    return run({
      clock: systemClock,
      log,
      version,
      signals: process,
      stdout: process.stdout,
      stderr: process.stderr,
      load: () => load(config),
      secretValues(values) {
        hidden = values
      },
      exit: (status) => process.exit(status),
    })
  },
  async loadConfig(files) {
    const loaded = await load(files)
    return loaded.ok ? { ...loaded, switches: switchesOf(loaded.settings.routes) } : loaded
  },
  connectAdmin: ({ admin, storage }) => connectAdmin(admin, storage.path),
  openOffline: (settings) => openOffline(settings, { clock: systemClock, log: quiet, version }),
  bevySecret: async ({ receiver, storage }) => receiver.secrets[0] ?? (await readSecret(storage.path)),
  initFiles: () => initFiles({ secret: randomBytes(32).toString('base64url'), schema: schemaFrom(cwd) }),
  jsonSchema: () => configJsonSchema(plugins),
})
process.exitCode = code

/** Where editors find the schema, as seen from a folder. */
function schemaFrom(folder: string): string {
  const file = join(PACKAGE_ROOT, 'config', 'schema.json')
  return existsSync(file) ? relative(folder, file) || file : 'schema.json'
}
