import { isIP } from 'node:net'
import { z } from 'zod'
import { duration, size } from '../core/schema-helpers.ts'

const port = z.int().min(0).max(65_535)

/** An address or a range: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** Header names that HTTP itself needs. */
const TAKEN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
])

const receiverFields = z.strictObject({
  host: z.string().min(1).prefault('0.0.0.0').describe('Address to listen on. Default 0.0.0.0: all of them.'),
  port: port.prefault(8080).describe('Port to listen on; 0 takes a free one. Default 8080.'),
  path: z
    .string()
    .regex(/^\/[\w\-.~/%!$&'()*+,;=:@]*$/, 'expected a path such as /bevy')
    .transform((path) => (path.length > 1 ? path.replace(/\/+$/, '') || '/' : path))
    .refine((path) => path !== '/healthz' && path !== '/readyz', 'taken by the health checks')
    .prefault('/bevy')
    .describe('Path Bevy posts to. Default /bevy.'),
  publicUrl: z
    .union([z.literal('').transform(() => undefined), z.url({ protocol: /^https?$/ })])
    .optional()
    .describe('The URL Bevy reaches this bridge under, to be shown at start: https://hooks.example.org/bevy'),
  secretHeader: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected a header name such as X-BEVY-SECRET')
    .refine((name) => !TAKEN_HEADERS.has(name.toLowerCase()), 'HTTP uses this header itself')
    .prefault('X-BEVY-SECRET')
    .describe('Header the secret comes in: what Bevy calls "Webhooks Secret Key". Default X-BEVY-SECRET.'),
  secrets: z
    .array(z.string().meta({ writeOnly: true }))
    // An empty one would match a request without any.
    .transform((secrets) => secrets.filter((secret) => secret !== ''))
    .prefault([])
    .describe('Accepted secrets, several at once while one is being changed. Empty ones are dropped.'),
  refuse: z
    .enum(['close', 'status'])
    .prefault('close')
    .describe(
      'How a request is refused: by closing the connection (safe with Bevy), or with a status code. Default close.',
    ),
  maxBody: size().prefault('64MB').describe('Largest body, as a size such as 64MB. Default 64MB.'),
  maxInFlight: size()
    .prefault('256MB')
    .describe('Bytes of bodies held in memory at once, all connections together. Default 256MB.'),
  admissionTimeout: duration()
    .prefault('20s')
    .describe('How long a request waits to be admitted in a burst; Bevy gives up after 30s. Default 20s.'),
  trustedProxies: z
    .array(z.string().refine(isAddressRange, 'expected an address or range such as 10.0.0.0/8'))
    .prefault([])
    .describe('Addresses of proxies whose X-Forwarded-For is believed. Default none.'),
  tls: z
    .strictObject({
      cert: z.string().min(1).describe('File with the certificate chain (PEM).'),
      key: z.string().min(1).describe('File with the private key (PEM).'),
    })
    .optional()
    .describe('Serve HTTPS with this certificate; both files are read again when they change. Default: plain HTTP.'),
})

function areNumbers(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return keys.every((key) => typeof (value as Record<string, unknown>)[key] === 'number')
}

/** Where and how deliveries are received. */
export const receiverSchema = receiverFields
  .refine((receiver) => receiver.maxInFlight >= receiver.maxBody, {
    path: ['maxInFlight'],
    message: 'smaller than maxBody: a body of that size would never be admitted',
    // Also beside other problems, as long as there are two sizes to compare.
    when: ({ value }) => areNumbers(value, ['maxInFlight', 'maxBody']),
  })
  .prefault({})
  .describe('Where and how deliveries are received.')

/** The admin API. */
export const adminSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .prefault('127.0.0.1')
      .describe('Address to listen on. Default 127.0.0.1: this machine only.'),
    port: port.prefault(8081).describe('Port to listen on; 0 takes a free one. Default 8081.'),
    metrics: z
      .enum(['token', 'open', 'off'])
      .prefault('token')
      .describe('Who may read the metrics at /metrics: with the admin token (default), open: everybody, off: nobody.'),
  })
  .prefault({})
  .describe('The admin API the command line talks to. Its token lies in the data folder.')

/** The durable store. */
export const storageSchema = z
  .strictObject({
    driver: z
      .enum(['sqlite', 'fs', 'memory'])
      .prefault('sqlite')
      .describe('sqlite (default) loses nothing. fs and memory are for trials and need unsafe: true.'),
    path: z.string().min(1).prefault('./data').describe('Data folder. Default ./data.'),
    unsafe: z
      .boolean()
      .prefault(false)
      .describe('Start even if the driver can lose acknowledged deliveries. Default false.'),
    minFree: size()
      .prefault('256MB')
      .describe('Space that must stay free on the disk; below it nothing is received. Default 256MB.'),
  })
  .prefault({})
  .describe('Where everything durable is kept.')
