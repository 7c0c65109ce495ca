import { parseSigningKey, secret, template, z } from '../../src/plugin.ts'
import { structure } from './structure.ts'
import { targetUrl } from './target-url.ts'

/** Headers that are the bridge's own. */
const OWN_HEADER =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|webhook-.*)$/i
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/

const signingSecret = z
  .union([secret(), z.literal('')])
  .superRefine((text, context) => {
    const key = text === '' ? undefined : parseSigningKey(text)
    if (typeof key === 'string') context.addIssue({ code: 'custom', message: key })
  })
  .describe('One secret.')

const headerValue = template()
const secretHeader = headerValue.meta({ writeOnly: true, description: 'A value that is never printed.' }).optional()
const SECRET_HEADERS = ['Authorization', 'X-API-Key', 'X-Api-Key', 'API-Key', 'X-Auth-Token', 'Cookie']
const secretHeaders = Object.fromEntries(
  SECRET_HEADERS.flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, secretHeader]),
)

const headers = z
  .object(secretHeaders)
  .catchall(headerValue)
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      const message = OWN_HEADER.test(name)
        ? `the header ${name} is set by the bridge itself`
        : HEADER_NAME.test(name)
          ? undefined
          : `"${name}" is no name of a header`
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message })
    }
  })

const body = z.union(
  [
    z.enum(['envelope', 'raw', 'bevy', 'cloudevents']),
    z.strictObject({ template: structure.describe('Any YAML; texts in it may be paths or Liquid templates.') }),
  ],
  'must be envelope, raw, bevy, cloudevents or { template: … }',
)

/** Options of the webhook plugin. */
export const options = z
  .strictObject({
    url: targetUrl.describe(
      'Where to send. Path and query may be made from the record (`https://example.org/hooks/{{ record.id }}`); what is put in is ' +
        'percent-encoded. Then an answer of 404 or 410 is about the record and refuses it; else it pauses the destination.',
    ),
    method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').describe('The request method.'),
    headers: headers
      .default({})
      .describe(
        'Further headers, name → Liquid template. `content-type` and `user-agent` may be replaced; `host`, `content-length`, ' +
          '`transfer-encoding`, `connection` and `webhook-*` are set by the bridge.',
      ),
    secrets: z
      .array(signingSecret)
      .default([])
      .transform((all, context) => {
        const used = all.filter((text) => text !== '')
        if (all.length > 0 && used.length === 0) {
          context.issues.push({
            code: 'custom',
            message: 'holds only empty values; to send unsigned, leave it out',
            input: all,
          })
        }
        return used.map(parseSigningKey).filter((key) => typeof key !== 'string')
      })
      .describe(
        'Signs by Standard Webhooks, with each of these: `whsec_…` (v1, HMAC-SHA256) or `whsk_…` (v1a, Ed25519). To change a ' +
          'secret, list the new and the old one until the other side knows the new. Empty ones are dropped.',
      ),
    body: body
      .default('envelope')
      .describe(
        '`envelope`: `{ type, timestamp, data }` (Standard Webhooks), type such as `attendee.registered`. `raw`: the record. `bevy`: ' +
          '`[{ type, data: [record] }]`, as Bevy sends it. `cloudevents`: CloudEvents 1.0, structured. `{ template: … }`: any JSON; a text ' +
          'that is one path or one `{{ path }}` keeps the type of its value.',
      ),
    asList: z
      .boolean()
      .default(false)
      .describe(
        'Send a list also when there is one record. For `batch.size` above 1, so that the other side sees one shape.',
      ),
    idempotencyKey: z
      .boolean()
      .default(false)
      .describe('Send `Idempotency-Key` with the value of `webhook-id`, for a receiver that knows only that.'),
    erasure: z
      .boolean()
      .default(false)
      .describe(
        'Send `{ type: "user.erased", timestamp, data: { users, emails, records } }` when a person is erased (`bevy-bridge erase`), signed like all else, so that ' +
          'the other side can forget them too. It names their ids and addresses. Headers made from the record are left out.',
      ),
    allowPrivateNetworks: z
      .boolean()
      .default(false)
      .describe('Let it reach private addresses (10.0.0.0/8, localhost, …), also by plain http.'),
    allowHttp: z
      .boolean()
      .default(false)
      .describe('Let it use plain http: records and secrets in headers travel readable.'),
  })
  .superRefine(({ url, allowHttp, allowPrivateNetworks, erasure }, context) => {
    if (erasure && url.isTemplated) {
      const message = 'needs a url that is not made from the record'
      context.addIssue({ code: 'custom', path: ['erasure'], message })
    }
    const wrong = (message: string) => context.addIssue({ code: 'custom', path: ['url'], message })
    if (!url.isSecure && !allowHttp && !allowPrivateNetworks) wrong('must be https; allowHttp: true allows plain http')
    if (url.isPrivate && !allowPrivateNetworks)
      wrong('leads to a private address; allowPrivateNetworks: true allows it')
  })

/** Validated and compiled. */
export type WebhookOptions = z.output<typeof options>
