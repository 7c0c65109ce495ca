import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { H3, HTTPError, type H3Event } from 'h3'
import { toNodeHandler } from 'srvx/node'
import { BridgeError, coerceError, isBridgeError } from '../core/errors.ts'
import type { Log } from '../core/ports.ts'
import type { BridgeAccess, ExplainInput, InspectQuery } from '../core/dispatch/reports.ts'
import type { AdminSettings } from '../core/settings.ts'
import { addCalls } from './call-routes.ts'
import { formatAddress, isOwnHost } from './host.ts'
import { isAuthorized } from './token.ts'

/** What the admin API answers with. */
export interface AdminDeps {
  readonly access: BridgeAccess
  /** From `ensureAdminToken`. */
  readonly token: string
  readonly log: Log
  readonly version: string
  /** The data folder; the address in use is written there, so that the command line finds it. */
  readonly dataPath: string
  /** The page Prometheus reads. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly text: string }>
}

/** The running admin API. */
export interface Admin {
  /** The port it got, also where 0 was asked for. */
  readonly port: number
  close(): Promise<void>
}

/** As much as the receiver takes by default. */
const MAX_BODY = 64_000_000
const METRICS = '/metrics'
/** Errors that are about what was asked for. */
const ASKED: ReadonlySet<string> = new Set(['record', 'config'])

/** Where the address of the running admin API is kept. */
export function adminAddressFile(dataPath: string): string {
  return join(dataPath, 'admin-address')
}

/** Starts the admin API. Rejects with `ERR_ADMIN_LISTEN` when its address cannot be used. */
export async function createAdmin(settings: AdminSettings, deps: AdminDeps): Promise<Admin> {
  const { host, port } = settings
  const app = createApp(settings, deps)
  const server = createServer(toNodeHandler(app.fetch, { maxRequestBodySize: MAX_BODY }) as RequestListener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `the admin API cannot listen on ${formatAddress(host, port)}; set admin.port to a free one`
      reject(new BridgeError('config', 'ERR_ADMIN_LISTEN', message, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const bound = (server.address() as AddressInfo).port
  const file = adminAddressFile(deps.dataPath)
  const forget = () => rm(file, { force: true }).catch(() => {})
  try {
    await writeFile(file, `${formatAddress(host, bound)}\n`, { mode: 0o600 })
  } catch (error) {
    // A full disk must not keep the bridge from starting; without the file the command line goes by the config.
    deps.log.warn('the address of the admin API could not be written', { file, reason: coerceError(error).message })
    await forget()
  }
  return {
    port: bound,
    async close() {
      await forget()
      await stop()
    },
  }
}

function createApp({ host, metrics = 'token' }: AdminSettings, deps: AdminDeps): H3 {
  const { access, token, log, version } = deps
  const app = new H3({
    silent: true,
    onError(error, event) {
      const { cause } = error
      if (isBridgeError(cause)) return fail(ASKED.has(cause.kind) ? 400 : 503, cause)
      if (!error.unhandled) return undefined
      log.error('admin request failed', { path: event.url.pathname }, cause ?? error)
      return fail(500, new BridgeError('store', 'ERR_ADMIN_INTERNAL', 'the admin API failed; the log says why'))
    },
  })
  app.use((event) => {
    const { headers, method } = event.req
    const forMetrics = event.url.pathname === METRICS
    // Prometheus asks by any name; a page that lured a browser here has no token, and where it needs none there is nothing to lure for.
    const allowed = forMetrics || isOwnHost(headers.get('host'), host)
    const authorized =
      (forMetrics && metrics === 'open') || (allowed && isAuthorized(headers.get('authorization'), token))
    // The query may hold an e-mail address; it is not logged.
    log.debug('admin request', { method, path: event.url.pathname, authorized })
    if (!allowed) throw HTTPError.status(403, 'Forbidden')
    if (!authorized) throw HTTPError.status(401, 'Unauthorized')
  })
  app.get('/', () => ({ name: 'bevy-bridge', version }))
  const { metrics: page } = deps
  if (page !== undefined && metrics !== 'off') {
    app.get(METRICS, async () => {
      const { contentType, text } = await page()
      return new Response(text, { headers: { 'content-type': contentType } })
    })
  }
  app.get('/status', () => access.status())
  app.get('/inspect', (event) => access.inspect(toInspectQuery(event.url.searchParams)))
  app.post('/explain', async (event) => access.explain(await toExplainInput(event)))
  addCalls(app, access)
  return app
}

function toInspectQuery(params: URLSearchParams): InspectQuery {
  const [key, email] = [params.get('key'), params.get('email')]
  const data = params.get('data') === '1'
  if (key !== null && email === null) return { key, data }
  if (email !== null && key === null) return { email, data }
  throw new HTTPError({ status: 400, message: 'name a key or an email' })
}

async function toExplainInput(event: H3Event): Promise<ExplainInput> {
  const seq = event.url.searchParams.get('seq')
  if (seq === null) return { body: new Uint8Array(await event.req.arrayBuffer()) }
  if (!/^[1-9]\d{0,15}$/.test(seq)) throw new HTTPError({ status: 400, message: 'seq is a whole number from 1' })
  return { seq: Number(seq) }
}

function fail(status: number, { kind, code, message }: BridgeError): Response {
  return Response.json({ error: { kind, code, message } }, { status })
}
