import { definePlugin } from '../../src/plugin.ts'
import { options } from './options.ts'
import { createHubSpotSender } from './sender.ts'

/** Contacts, marketing events and attendance in HubSpot. */
export default definePlugin({
  name: 'hubspot',
  description: 'Keeps contacts, marketing events and attendance in HubSpot up to date.',
  options,
  leaves: true,
  erases: true,
  defaults: {
    mode: 'latest',
    batch: { size: 100, wait: 500 },
    concurrency: 2,
    // Four fifths of what the smallest accounts may ask: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
    rate: { limit: 80, per: 10_000 },
    timeout: 120_000,
  },
  limits: ({ accessToken }) => ({ account: accessToken }),
  network: ({ allowPrivateNetworks }) => ({ allowPrivateNetworks, allowHttp: allowPrivateNetworks }),
  create: (settings, context) => createHubSpotSender(settings, context),
})
