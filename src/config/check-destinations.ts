import { DEFAULT_POLICY } from '../core/plugin-contract.ts'
import type { Plugin } from '../core/plugin-contract.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Mode } from '../core/types.ts'
import type { LoadedPlugins } from './load-plugins.ts'
import { childOf, keyPlaceAt, nodeAt, placeAt } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import { validate } from './validate.ts'

/** A destination whose plugin is known and whose options hold. */
export interface CheckedDestination {
  readonly plugin: Plugin
  /** Validated and compiled by the plugin's schema. */
  readonly options: unknown
  /** As they stand in the config, references replaced. */
  readonly input: unknown
}

/** What the plugins say of the destinations, whatever else is wrong with them. */
export interface CheckedDestinations {
  readonly destinations: ReadonlyMap<string, CheckedDestination>
  /** Modes of all destinations whose plugin is known, whatever their options. */
  readonly modes: ReadonlyMap<string, Mode>
  readonly problems: readonly Problem[]
}

/** Looks at each destination with its plugin: name, options, concurrency, and the names that were taken over. */
export async function checkDestinations(tree: Located, loaded: LoadedPlugins): Promise<CheckedDestinations> {
  const destinations = new Map<string, CheckedDestination>()
  const modes = new Map<string, Mode>()
  const problems: Problem[] = []
  const section = childOf(tree, 'destinations')
  for (const [name, { node }] of section?.kind === 'map' ? section.entries : []) {
    const path = ['destinations', name]
    const wanted = textAt(node, 'plugin')
    const plugin = wanted === undefined ? undefined : loaded.plugins.get(wanted)
    if (plugin === undefined) {
      if (wanted !== undefined && !loaded.failed.has(wanted)) {
        const message = `there is no plugin "${wanted}"${didYouMean(wanted, loaded.plugins.keys())}`
        problems.push(problemAt(placeAt(tree, [...path, 'plugin']), [...path, 'plugin'], message))
      }
      continue
    }
    modes.set(name, modeOf(node, plugin))
    const concurrency = childOf(node, 'concurrency')
    if (plugin.stateful === true && concurrency?.kind === 'scalar' && concurrency.value !== 1) {
      const message = `the plugin ${plugin.name} keeps state and sends one batch at a time: leave this out`
      problems.push(problemAt(concurrency.at, [...path, 'concurrency'], message))
    }
    const options = await validate(plugin.options, tree, [...path, 'options'], {})
    if (!options.ok) problems.push(...options.problems)
    else destinations.set(name, { plugin, options: options.value, input: options.input })
  }
  problems.push(...checkTakeovers(tree))
  return { destinations, modes, problems }
}

function textAt(node: Located, key: string): string | undefined {
  const child = childOf(node, key)
  const usable =
    child?.kind === 'scalar' && child.broken !== true && typeof child.value === 'string' && child.value !== ''
  return usable ? (child.value as string) : undefined
}

function modeOf(node: Located, plugin: Plugin): Mode {
  const mode = textAt(node, 'mode')
  return mode === 'latest' || mode === 'every' ? mode : (plugin.defaults?.mode ?? DEFAULT_POLICY.mode)
}

/** State belongs to one name: `was` must name one that is gone, and only once. */
function checkTakeovers(tree: Located): Problem[] {
  const section = nodeAt(tree, ['destinations'])
  if (section?.kind !== 'map') return []
  const problems: Problem[] = []
  const taken = new Map<string, string>()
  for (const [name, { node }] of section.entries) {
    const was = textAt(node, 'was')
    if (was === undefined) continue
    const path = ['destinations', name, 'was']
    const at = placeAt(tree, path)
    const other = taken.get(was)
    if (was === name) problems.push(problemAt(at, path, 'is the name it has now'))
    else if (section.entries.has(was)) problems.push(problemAt(at, path, `"${was}" is still a destination of its own`))
    else if (other !== undefined)
      problems.push(problemAt(at, path, `"${other}" takes over the state of "${was}" already`))
    else taken.set(was, name)
  }
  return problems
}

/** Destinations that nothing is ever sent to. */
export function unfedWarnings(tree: Located, fed: ReadonlySet<string>): Problem[] {
  const section = childOf(tree, 'destinations')
  const names = section?.kind === 'map' ? [...section.entries.keys()] : []
  return names
    .filter((name) => !fed.has(name))
    .map((name) => {
      const path = ['destinations', name]
      return problemAt(keyPlaceAt(tree, path), path, 'no route sends anything here')
    })
}
