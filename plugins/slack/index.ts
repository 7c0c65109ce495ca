import { definePlugin } from '../../src/plugin.ts'
import { options } from './options.ts'
import { createSlackSender } from './sender.ts'

const DAY = 86_400_000

/** Messages in Slack, kept up to date where a token allows it. */
export default definePlugin({
  name: 'slack',
  description: 'Posts events, registrations and members to Slack, and keeps announcements up to date.',
  options,
  defaults: {
    mode: 'latest',
    // A burst is gathered, so that it becomes one message; and while one is being sent, the next grows.
    batch: { size: 1000, wait: 2000 },
    concurrency: 1,
    maxAge: 2 * DAY,
    onLeave: 'send',
    timeout: 120_000,
  },
  leaves: true,
  // One message a second in a channel: https://docs.slack.dev/apis/web-api/rate-limits
  limits: ({ way }) => ({ account: way.kind === 'token' ? way.token : way.url, bucketRate: { limit: 1, per: 1100 } }),
  network: ({ allowPrivateNetworks }) => ({ allowPrivateNetworks, allowHttp: allowPrivateNetworks }),
  create: (settings, context) => createSlackSender(settings, context),
})
