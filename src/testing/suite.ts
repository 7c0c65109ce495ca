import type { z } from 'zod'
import type { Plugin } from '../core/plugin-contract.ts'
import type { PluginHarness, TestRunner } from './harness.ts'
import { testDeclaration } from './suite-declaration.ts'
import { testHttp } from './suite-http.ts'
import { testSender } from './suite-sender.ts'

/**
 * Registers the contract of plugins as tests: its options (described, secrets marked, mistakes refused), its outcomes (one per
 * job), that it honours the abort, retries nothing by itself, keeps one job's failure from the next, changes no job, declares its
 * state, closes twice, and prints no secret and nobody's data.
 *
 * @example
 * import { describe, it } from 'vitest'
 * testPlugin({ describe, it }, plugin, { validOptions: { url: 'https://example.org', token: 'secret-token' } })
 */
export function testPlugin<Schema extends z.ZodType>(
  runner: TestRunner,
  plugin: Plugin<Schema>,
  harness: PluginHarness,
): void {
  runner.describe(`the plugin contract: ${plugin.name}`, () => {
    testDeclaration(runner, plugin, harness)
    testSender(runner, plugin, harness)
    testHttp(runner, plugin, harness)
  })
}
