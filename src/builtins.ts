import csv from '../plugins/csv/index.ts'
import hubspot from '../plugins/hubspot/index.ts'
import slack from '../plugins/slack/index.ts'
import webhook from '../plugins/webhook/index.ts'
import type { Plugin } from './core/plugin-contract.ts'

/** The plugins that come with the bridge. */
export const builtins: readonly Plugin[] = [csv, webhook, hubspot, slack]

/** The same by name, as `loadConfig` and `configJsonSchema` take them. */
export const builtinsByName: ReadonlyMap<string, Plugin> = new Map(builtins.map((plugin) => [plugin.name, plugin]))
