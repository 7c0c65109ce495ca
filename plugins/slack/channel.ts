import { mapping, z, type Job, type Mapping } from '../../src/plugin.ts'

/** Where messages go: one channel for all, or one found for each record. */
export type Channel =
  | { readonly kind: 'fixed'; readonly id: string }
  | { readonly kind: 'mapped'; readonly mapping: Mapping }

/** A channel, private channel, direct message or user: https://docs.slack.dev/reference/objects/conversation-object */
const ID = /^[CDGUW][A-Z0-9]{2,20}$/
const source = mapping()
const FORMS = (z.toJSONSchema(source, { io: 'input' })['anyOf'] ?? []) as object[]

/** The schema of `channel`: an id as it is, or any mapping. */
export const channel = z
  .unknown()
  .meta({ anyOf: [{ type: 'string', examples: ['C0EVENTS'] }, ...FORMS] })
  .transform((given, context): Channel => {
    if (typeof given === 'string' && ID.test(given.trim())) return { kind: 'fixed', id: given.trim() }
    const wrong = (message: string, path: PropertyKey[] = []): void =>
      void context.issues.push({ code: 'custom', message, input: given, path })
    if (typeof given === 'string' && /^(?:#|[a-z0-9_-]+$)/.test(given.trim())) {
      wrong(
        'must be the id of a channel such as C0123ABCD (in Slack: the name of the channel, About, at the bottom), or a mapping that gives one',
      )
      return z.NEVER
    }
    const compiled = source.safeParse(given)
    if (compiled.success) return { kind: 'mapped', mapping: compiled.data }
    for (const { message, path } of compiled.error.issues) wrong(message, path)
    return z.NEVER
  })

/** The channel of a record; undefined where the mapping gives none. Throws a BridgeError of kind `record` as mappings do. */
export function channelOf(target: Channel, job: Job): string | undefined {
  if (target.kind === 'fixed') return target.id
  const found = target.mapping.evaluate(job)
  return typeof found === 'string' && found.trim() !== '' ? found.trim() : undefined
}
