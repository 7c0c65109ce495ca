import { tablesOf } from '../core/expressions/expressions.ts'
import { DEFAULT_POLICY } from '../core/plugin-contract.ts'
import type { Plugin } from '../core/plugin-contract.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Mode } from '../core/types.ts'
import { findPlugin, underlay } from './check-accounts.ts'
import type { CheckedAccount, Underlaid } from './check-accounts.ts'
import { checkTakeovers } from './check-takeovers.ts'
import type { LoadedPlugins } from './load-plugins.ts'
import { childOf, isBroken, keyPlaceAt, nodeAt, placeAt, textAt } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Path, Problem } from './problem.ts'
import { validate } from './validate.ts'

/** A destination whose plugin is known and whose options hold. */
export interface CheckedDestination {
  readonly plugin: Plugin
  /** Validated and compiled by the plugin's schema, those of its account included. */
  readonly options: unknown
  /** As they stand in the config, references replaced, those of its account under its own. */
  readonly input: unknown
  /** Names of the lookup tables its options use. */
  readonly tables: ReadonlySet<string>
}

/** What the plugins say of the destinations, whatever else is wrong with them. */
export interface CheckedDestinations {
  readonly destinations: ReadonlyMap<string, CheckedDestination>
  /** Modes of all destinations whose plugin is known, whatever their options. */
  readonly modes: ReadonlyMap<string, Mode>
  readonly problems: readonly Problem[]
}

/** What destinations may refer to. */
export interface Surroundings {
  readonly loaded: LoadedPlugins
  readonly accounts: ReadonlyMap<string, CheckedAccount>
  /** Names of the lookup tables there are. */
  readonly tables: readonly string[]
}

/** Looks at each destination with its plugin: name, account, options, policy, and the names that were taken over. */
export async function checkDestinations(tree: Located, around: Surroundings): Promise<CheckedDestinations> {
  const destinations = new Map<string, CheckedDestination>()
  const modes = new Map<string, Mode>()
  const problems: Problem[] = []
  const section = childOf(tree, 'destinations')
  for (const [name, { node }] of section?.kind === 'map' ? section.entries : []) {
    const path = ['destinations', name]
    const account = textAt(node, 'account')
    const plugin = pluginOf(tree, path, node, around, problems)
    if (plugin === undefined) continue
    const mode = modeOf(node, plugin)
    modes.set(name, mode)
    problems.push(...checkPolicy(tree, path, plugin, mode))
    const whole = account === undefined ? { tree, origin: (at: Path) => at } : underlay(tree, name, account)
    const options = await validate(plugin.options, whole.tree, [...path, 'options'], {}, whole.origin)
    if (!options.ok) {
      problems.push(...options.problems)
      continue
    }
    const uses = tablesOf(options.value)
    for (const { table, path: inside } of uses) {
      const at = [...path, 'options', ...inside, 'table']
      if (!around.tables.includes(table)) problems.push(...unknownTable(whole, at, table, around.tables))
    }
    const tables = new Set(uses.map(({ table }) => table))
    destinations.set(name, { plugin, options: options.value, input: options.input, tables })
  }
  problems.push(...checkTakeovers(tree))
  return { destinations, modes, problems }
}

/** The plugin a destination names, by itself or by its account; undefined when that is no plugin, which is a problem. */
function pluginOf(
  tree: Located,
  path: Path,
  node: Located,
  { loaded, accounts }: Surroundings,
  problems: Problem[],
): Plugin | undefined {
  const complain = (key: string, message: string): void => {
    problems.push(problemAt(placeAt(tree, [...path, key]), [...path, key], message))
  }
  const wanted = textAt(node, 'plugin')
  const named = wanted === undefined ? undefined : findPlugin(tree, [...path, 'plugin'], wanted, loaded, problems)
  if (childOf(node, 'account') === undefined) {
    if (node.kind === 'map' && childOf(node, 'plugin') === undefined) {
      problems.push(problemAt(keyPlaceAt(tree, path), path, 'needs a plugin, or an account instead'))
    }
    return named
  }
  const account = textAt(node, 'account')
  if (account === undefined) return undefined
  if (nodeAt(tree, ['accounts', account]) === undefined) {
    const section = childOf(tree, 'accounts')
    const known = section?.kind === 'map' ? section.entries.keys() : []
    complain('account', `there is no account "${account}"${didYouMean(account, known)}`)
    return undefined
  }
  if (childOf(node, 'rate') !== undefined) {
    const message = `the rate belongs to the account: set it at accounts.${account}`
    problems.push(problemAt(keyPlaceAt(tree, [...path, 'rate']), [...path, 'rate'], message))
  }
  const found = accounts.get(account)?.plugin
  if (found !== undefined && named !== undefined && found !== named) {
    complain('plugin', `the account "${account}" is of the plugin ${found.name}: leave this out`)
    return undefined
  }
  return found
}

/** Policy a plugin cannot have. */
function checkPolicy(tree: Located, path: Path, plugin: Plugin, mode: Mode): Problem[] {
  const problems: Problem[] = []
  const concurrency = nodeAt(tree, [...path, 'concurrency'])
  if (plugin.stateful === true && concurrency?.kind === 'scalar' && concurrency.value !== 1) {
    const message = `the plugin ${plugin.name} keeps state and sends one batch at a time: leave this out`
    problems.push(problemAt(concurrency.at, [...path, 'concurrency'], message))
  }
  const onLeave = nodeAt(tree, [...path, 'onLeave'])
  if (onLeave?.kind === 'scalar' && onLeave.value === 'send') {
    const message =
      plugin.leaves !== true
        ? `the plugin ${plugin.name} cannot take back what it sent: leave this out`
        : 'only in mode latest, and this destination is in mode every'
    if (plugin.leaves !== true || mode === 'every') problems.push(problemAt(onLeave.at, [...path, 'onLeave'], message))
  }
  return problems
}

function unknownTable({ tree, origin }: Underlaid, path: Path, table: string, known: readonly string[]): Problem[] {
  if (isBroken(tree, path)) return []
  // A schema may give its options another shape than the config has: then the nearest place above.
  let shown = path
  while (nodeAt(tree, shown) === undefined) shown = shown.slice(0, -1)
  const message = `there is no table "${table}"${didYouMean(table, known)}`
  return [problemAt(placeAt(tree, shown), origin(shown), message)]
}

function modeOf(node: Located, plugin: Plugin): Mode {
  const mode = textAt(node, 'mode')
  return mode === 'latest' || mode === 'every' ? mode : (plugin.defaults?.mode ?? DEFAULT_POLICY.mode)
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
