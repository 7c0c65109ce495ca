import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createVerbs } from '../../src/cli/commands.ts'
import type { CliDeps } from '../../src/cli/deps.ts'
import { ALERT_CAUSES } from '../../src/core/alerts/causes.ts'

const root = resolve(import.meta.dirname, '../..')
const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8')
const verbs = new Map(createVerbs({} as CliDeps).map((verb) => [verb.name, verb]))

/** Causes named where an alert is raised in src: `cause: '…'` in the call or in what is handed to it. */
function raised(): Set<string> {
  const found = new Set<string>()
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.fake.ts')) continue
    const text = readFileSync(join(root, 'src', name), 'utf8')
    for (const [, cause = ''] of text.matchAll(/(?:raise|recovered\??\.?)\(\{\s*cause: '([^']+)'/g)) found.add(cause)
    if (name === 'core/alerts/conditions.ts')
      for (const [, cause = ''] of text.matchAll(/raise\(\s*'([^']+)'/g)) found.add(cause)
    if (name === 'receiver/deliver.ts') {
      for (const [, refusal] of text.matchAll(/refused\('([^']+)'/g)) found.add(`refused:${refusal}`)
      for (const [cause] of text.matchAll(/refused:[a-z-]+/g)) found.add(cause)
    }
  }
  return found
}

describe('the runbook', () => {
  it('has a section for every cause that is raised, and the causes are all described', () => {
    const causes = raised()
    expect(causes.size).toBeGreaterThan(20)
    const sections = [...runbook.matchAll(/^### `([^`]+)`$/gm)].map(([, cause]) => cause)
    expect([...causes].filter((cause) => !ALERT_CAUSES.has(cause))).toEqual([])
    expect([...ALERT_CAUSES.keys()].filter((cause) => !causes.has(cause))).toEqual([])
    expect(sections.toSorted()).toEqual([...ALERT_CAUSES.keys()].toSorted())
  })

  it('names only commands there are', () => {
    const commands = [...runbook.matchAll(/`bevy-bridge ([^`]+)`/g)].map(([, command = '']) => command)
    const alerted = [...ALERT_CAUSES.values()].map(({ command }) => command('crm'))
    for (const command of [...commands, ...alerted]) {
      const [name = '', ...args] = command.split(' ')
      const verb = verbs.get(name)
      expect([command, verb !== undefined]).toEqual([command, true])
      const action = verb?.args['action']
      if (action !== undefined)
        expect([command, JSON.stringify([action, verb?.description]).includes(args[0] ?? '?')]).toEqual([command, true])
      for (const option of args.filter((arg) => arg.startsWith('--'))) {
        expect([command, option.slice(2) in (verb?.args ?? {})]).toEqual([command, true])
      }
    }
    expect(commands.length).toBeGreaterThan(15)
  })
})
