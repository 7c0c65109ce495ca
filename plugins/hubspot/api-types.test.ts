import { registerHooks } from 'node:module'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format } from 'oxfmt'
import { expect, it } from 'vitest'

/** `npx vitest run plugins/hubspot/api-types.test.ts -u` writes the types anew after a change of openapi.yaml. */
it('the types are those of the OpenAPI document', async () => {
  // openapi-typescript 7 cannot run with the compiler API of TypeScript 7.
  const hooks = registerHooks({
    resolve: (name, context, next) => next(name === 'typescript' ? 'typescript-5' : name, context),
  })
  const { default: generate, astToString } = await import('openapi-typescript')
  hooks.deregister()
  const nodes = await generate(await readFile(join(import.meta.dirname, 'openapi.yaml'), 'utf8'))
  const source = `/** Made from openapi.yaml by api-types.test.ts; not to be edited. */\n\n${astToString(nodes)}`
  const { code, errors } = await format('api-types.ts', source, { semi: false, singleQuote: true, printWidth: 120 })
  expect(errors).toEqual([])
  await expect(code).toMatchFileSnapshot('./api-types.ts')
})
