import { z } from 'zod'
import type { Plugin } from '../core/plugin-contract.ts'
import { configSchema } from './schema.ts'

/** A JSON Schema or a part of one. */
type Part = Record<string, unknown>

/**
 * The JSON Schema (draft 7, what editors' YAML servers know best) of the config, with the options of each plugin. Written to
 * `config/schema.json`; a test keeps that file fresh.
 */
export function configJsonSchema(plugins: ReadonlyMap<string, Plugin>): Part {
  const schema = toJson(configSchema)
  const properties = schema.properties as Record<string, Part>
  const destination = properties.destinations?.additionalProperties as Part
  const account = properties.accounts?.additionalProperties as Part
  for (const part of [destination, account]) {
    const fields = part.properties as Record<string, Part>
    fields.plugin = { ...fields.plugin, anyOf: [{ enum: [...plugins.keys()] }, { type: 'string' }] }
  }
  destination.anyOf = [{ required: ['plugin'] }, { required: ['account'] }]
  // What a destination with an account needs may stand there, whichever plugin that is.
  destination.allOf = withOptions(plugins, { not: { required: ['account'] } }, optionsOf)
  account.allOf = withOptions(plugins, {}, (plugin) => ({
    properties: { options: withoutNeeds(optionsOf(plugin).properties.options) },
  }))
  const { $schema: dialect, ...rest } = allowReferences(schema) as Part
  return {
    $schema: dialect,
    title: 'bevy-bridge config',
    ...rest,
    patternProperties: { '^x-': { description: 'Not read: a place for anchors (&name) and notes.' } },
  }
}

/** What each plugin says of the options beside its name. */
function withOptions(plugins: ReadonlyMap<string, Plugin>, when: Part, options: (plugin: Plugin) => Part): Part[] {
  return [...plugins].map(([name, plugin]) => ({
    if: { properties: { plugin: { const: name } }, required: ['plugin'], ...when },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: options(plugin),
  }))
}

/** Options of a plugin that needs none may be left out. */
function optionsOf(plugin: Plugin): Part & { readonly properties: { readonly options: Part } } {
  const { $schema: _dialect, ...options } = toJson(plugin.options)
  const needed = Array.isArray(options.required) && options.required.length > 0
  const described = plugin.description === undefined ? {} : { description: plugin.description }
  return { properties: { options: { ...described, ...options } }, ...(needed ? { required: ['options'] } : {}) }
}

/** A part of what the schema wants: an account has some of the options, the destination the rest. */
function withoutNeeds(part: Part): Part {
  const { required: _required, oneOf, ...rest } = part
  // Without what is required several forms may fit.
  const forms = [oneOf, rest.anyOf].find(Array.isArray) as Part[] | undefined
  const fields = Object.entries((rest.properties ?? {}) as Record<string, Part>)
  return {
    ...rest,
    ...(fields.length === 0
      ? {}
      : { properties: Object.fromEntries(fields.map(([name, field]) => [name, withoutNeeds(field)])) }),
    ...(forms === undefined ? {} : { anyOf: forms.map(withoutNeeds) }),
    ...(Array.isArray(rest.allOf) ? { allOf: (rest.allOf as Part[]).map(withoutNeeds) } : {}),
  }
}

function toJson(schema: z.ZodType): Part {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as Part
}

const REFERENCE: Part = { type: 'string', pattern: '\\$\\{[^}]+\\}' }

/** Keywords that hold a schema or a list of them, and those that hold schemas by name. */
const SCHEMAS = ['items', 'additionalProperties', 'not', 'then', 'else', 'anyOf', 'oneOf', 'allOf']
const NAMED_SCHEMAS = ['properties', 'patternProperties', 'definitions']

/** A reference may stand for any scalar, so wherever not every text would do, `"${NAME}"` is allowed beside it. */
function allowReferences(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(allowReferences)
  if (!isPart(part)) return part
  const whole: Part = { ...part }
  for (const key of SCHEMAS) if (key in whole) whole[key] = allowReferences(whole[key])
  for (const key of NAMED_SCHEMAS) {
    const named = whole[key]
    if (!isPart(named)) continue
    whole[key] = Object.fromEntries(Object.entries(named).map(([name, inner]) => [name, allowReferences(inner)]))
  }
  if (!needsReference(whole)) return whole
  const { description, default: fallback, ...checks } = whole
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [checks, REFERENCE],
  }
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function needsReference(part: Part): boolean {
  if (['integer', 'number', 'boolean'].includes(part.type as string) || part.enum !== undefined) return true
  if (typeof part.const === 'string' && part.const !== '') return true
  return part.type === 'string' && (part.pattern !== undefined || part.format !== undefined)
}
