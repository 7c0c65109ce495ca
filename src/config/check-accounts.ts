import type { Plugin } from '../core/plugin-contract.ts'
import { didYouMean } from '../core/suggest.ts'
import type { LoadedPlugins } from './load-plugins.ts'
import { childOf, keyPlaceAt, mergeLocated, nodeAt, placeAt, textAt, toPlain, withEntryAt } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Path, Problem } from './problem.ts'

/** An account whose plugin is known. */
export interface CheckedAccount {
  readonly plugin: Plugin
  /** Its options as they stand in the config, references replaced. */
  readonly input: unknown
}

/** What the plugins say of the accounts. Their options are checked with the destinations that have them. */
export interface CheckedAccounts {
  readonly accounts: ReadonlyMap<string, CheckedAccount>
  readonly problems: readonly Problem[]
}

/** Looks for the plugin of each account. */
export function checkAccounts(tree: Located, loaded: LoadedPlugins): CheckedAccounts {
  const accounts = new Map<string, CheckedAccount>()
  const problems: Problem[] = []
  const section = childOf(tree, 'accounts')
  for (const [name, { node }] of section?.kind === 'map' ? section.entries : []) {
    const wanted = textAt(node, 'plugin')
    if (wanted === undefined) continue
    const plugin = findPlugin(tree, ['accounts', name, 'plugin'], wanted, loaded, problems)
    const options = childOf(node, 'options')
    if (plugin !== undefined) accounts.set(name, { plugin, input: options === undefined ? {} : toPlain(options) })
  }
  return { accounts, problems }
}

/** The plugin that is named at a path; a problem when there is none. */
export function findPlugin(
  tree: Located,
  path: Path,
  wanted: string,
  { plugins, failed }: LoadedPlugins,
  problems: Problem[],
): Plugin | undefined {
  const plugin = plugins.get(wanted)
  if (plugin !== undefined || failed.has(wanted)) return plugin
  const message = `there is no plugin "${wanted}"${didYouMean(wanted, plugins.keys())}`
  problems.push(problemAt(placeAt(tree, path), path, message))
  return undefined
}

/** A tree in which a destination has the options of its account under its own. */
export interface Underlaid {
  readonly tree: Located
  /** Where an option of the destination was written: there, or in the account. */
  readonly origin: (path: Path) => Path
}

/** Puts the options of an account under those of a destination: maps merge, everything else of the destination wins. */
export function underlay(tree: Located, destination: string, account: string): Underlaid {
  const path = ['destinations', destination, 'options']
  const own = nodeAt(tree, path)
  const shared = nodeAt(tree, ['accounts', account, 'options'])
  // Anything but a map is a problem already.
  if (shared?.kind !== 'map') return { tree, origin: (at) => at }
  const at = keyPlaceAt(tree, own === undefined ? path.slice(0, -1) : path)
  const node = own === undefined ? { ...shared, at } : mergeLocated(shared, own)
  return {
    tree: withEntryAt(tree, path, { at, node }),
    origin(where) {
      const inside = where.slice(path.length)
      // What is missing is missing where the map around it stands.
      while (inside.length > 0 && nodeAt(node, inside) === undefined) inside.pop()
      const isShared = inside.length > 0 && (own === undefined || nodeAt(own, inside) === undefined)
      return isShared ? ['accounts', account, 'options', ...where.slice(path.length)] : where
    },
  }
}

/** Accounts that no destination names. */
export function unusedAccountWarnings(tree: Located): Problem[] {
  const section = childOf(tree, 'accounts')
  const destinations = childOf(tree, 'destinations')
  const named = new Set(
    destinations?.kind === 'map' ? [...destinations.entries.values()].map(({ node }) => textAt(node, 'account')) : [],
  )
  const names = section?.kind === 'map' ? [...section.entries.keys()] : []
  return names
    .filter((name) => !named.has(name))
    .map((name) => {
      const path = ['accounts', name]
      return problemAt(keyPlaceAt(tree, path), path, 'no destination uses this account')
    })
}
