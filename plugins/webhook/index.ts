import { definePlugin } from '../../src/plugin.ts'
import { options } from './options.ts'
import { createWebhookSender } from './sender.ts'

/** Signed requests to any webhook receiver. */
export default definePlugin({
  name: 'webhook',
  erases: true,
  description: 'Sends every state to a webhook receiver, signed by Standard Webhooks.',
  options,
  defaults: { mode: 'every', batch: { size: 1, wait: 0 }, concurrency: 4, timeout: 30_000 },
  network: ({ allowPrivateNetworks, allowHttp }) => ({
    allowPrivateNetworks,
    allowHttp: allowHttp || allowPrivateNetworks,
  }),
  create: (settings, context) => createWebhookSender(settings, context),
})
