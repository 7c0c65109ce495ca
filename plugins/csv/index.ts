import { definePlugin } from '../../src/plugin.ts'
import { createLogSender } from './log-sender.ts'
import { options } from './options.ts'

/** Rows in CSV files, each exactly once. */
export default definePlugin({
  name: 'csv',
  description: 'Appends a row for every state to CSV files, each exactly once.',
  options,
  stateful: true,
  defaults: { mode: 'every', batch: { size: 500, wait: 200 }, concurrency: 1 },
  create: (settings, context) => createLogSender(settings, context),
})
