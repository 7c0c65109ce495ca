import assert from 'node:assert/strict'
import { secretsIn } from '../core/secret-schemas.ts'
import type { Plugin } from '../core/plugin-contract.ts'
import { fieldsOf } from './schema-fields.ts'
import type { PluginHarness, TestRunner } from './harness.ts'

/** Names that hold a secret. Not `keys` or `keyField`: those name fields. */
const SECRET_NAME = /(token|secret|password|passphrase|credential|signingkey|apikey|accesskey|privatekey)s?$|^key$/i

/** What a plugin says of itself before anything is made. */
export function testDeclaration({ it }: TestRunner, plugin: Plugin, harness: PluginHarness): void {
  it('has a name and says what it does', () => {
    assert.match(plugin.name, /^[a-z][a-z0-9-]{0,39}$/)
    assert.ok((plugin.description ?? '').trim().length > 0, 'description is missing')
  })

  it('describes every option, in a schema that becomes JSON Schema', () => {
    const missing = fieldsOf(plugin.options).filter(({ isDescribed }) => !isDescribed)
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
      'options without a description',
    )
  })

  it('marks its secrets', () => {
    const open = fieldsOf(plugin.options).filter(
      ({ path, isText, isSecret }) => SECRET_NAME.test(path.split('.').at(-1) ?? '') && isText && !isSecret,
    )
    assert.deepEqual(
      open.map(({ path }) => path),
      [],
      'options that should be secret()',
    )
    for (const secret of secretsIn(plugin.options, harness.validOptions)) {
      assert.ok(
        secret.length >= 6,
        'give secrets of the harness six characters or more, so that they can be searched for',
      )
    }
  })

  it('accepts good options and refuses bad ones', () => {
    const good = plugin.options.safeParse(harness.validOptions)
    assert.ok(good.success, `validOptions are refused: ${good.error?.message}`)
    const mistyped = { ...(harness.validOptions as object), noSuchOption: true }
    for (const bad of [mistyped, undefined, 'text', ...(harness.invalidOptions ?? [])]) {
      assert.ok(!plugin.options.safeParse(bad).success, `must be refused: ${JSON.stringify(bad)}`)
    }
  })

  it('has defaults that make sense', () => {
    const { batch, concurrency, timeout, rate } = plugin.defaults ?? {}
    assert.ok(batch === undefined || (batch.size >= 1 && batch.wait >= 0))
    assert.ok(concurrency === undefined || concurrency >= 1)
    assert.ok(timeout === undefined || timeout > 0)
    assert.ok(rate === undefined || (rate.limit > 0 && rate.per > 0))
    assert.ok(plugin.stateful !== true || (concurrency ?? 1) === 1, 'a plugin with state runs with concurrency 1')
  })
}
