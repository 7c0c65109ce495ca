import { registerHooks } from 'node:module'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { format } from 'oxfmt'
import { expect, it } from 'vitest'

const folder = resolve(import.meta.dirname, '../../src/bevy-api')

/** `npm run types` writes the types anew after a change of the document. */
it('the types are those of the OpenAPI document', async () => {
  // openapi-typescript 7 cannot run with the compiler API of TypeScript 7.
  const hooks = registerHooks({
    resolve: (name, context, next) => next(name === 'typescript' ? 'typescript-5' : name, context),
  })
  const { default: generate, astToString } = await import('openapi-typescript')
  hooks.deregister()
  const nodes = await generate(await readFile(`${folder}/bevy.openapi.yaml`, 'utf8'))
  const source = `/** Made from bevy.openapi.yaml by test/unit/bevy-api-types.test.ts; not to be edited. */\n\n${astToString(nodes)}`
  const { code, errors } = await format('api-types.ts', source, { semi: false, singleQuote: true, printWidth: 120 })
  expect(errors).toEqual([])
  await expect(code).toMatchFileSnapshot(`${folder}/api-types.ts`)
})
