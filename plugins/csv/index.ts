import { definePlugin } from '../../src/plugin.ts'
import { createLogSender } from './log-sender.ts'
import { options } from './options.ts'
import { createTableSender } from './table-sender.ts'

/** Rows in CSV files, each exactly once. */
export default definePlugin({
  name: 'csv',
  description: 'Writes CSV files: a row for every state, each exactly once, or one row per record.',
  options,
  stateful: true,
  defaults: { mode: 'every', batch: { size: 500, wait: 200 }, concurrency: 1 },
  leaves: true,
  erases: true,
  create: (settings, context) =>
    settings.as === 'table' ? createTableSender(settings, context) : createLogSender(settings, context),
})
