import { describe, it } from 'vitest'
import { testPlugin } from '../../src/testing.ts'
import slack from './index.ts'

testPlugin({ describe, it }, slack, {
  validOptions: { webhookUrl: 'https://hooks.slack.com/services/T0TEAM/B0HOOK/the-secret-part' },
  invalidOptions: [
    {},
    { webhookUrl: 'https://hooks.slack.com/services/T0/B0/x', token: 'xoxb-1' },
    { token: 'xoxb-a-token' },
    { token: 'xoxb-a-token', channel: '#general' },
  ],
  private: ['the-secret-part', 'T0TEAM'],
})
