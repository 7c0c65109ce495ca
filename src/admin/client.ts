import { readFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { BridgeError, coerceError, type ErrorKind } from '../core/errors.ts'
import type { BridgeAccess, BridgeActions, CareQueries } from '../core/dispatch/actions.ts'
import type { ExplainReport, InspectReport, StatusReport } from '../core/dispatch/reports.ts'
import type { AdminSettings } from '../core/settings.ts'
import { ACTIONS, QUESTIONS } from './calls.ts'
import { formatAddress } from './host.ts'
import { adminAddressFile } from './server.ts'
import { readAdminToken } from './token.ts'

/** Milliseconds; explaining a large body, counting a long replay, redriving thousands takes a while. */
const TIMEOUT = 600_000
/** For the first word. */
const HELLO = 60_000
const GONE = new Set(['ECONNREFUSED', 'ConnectionRefused', 'EHOSTUNREACH', 'ENOTFOUND'])

type Call = (method: string, path: string, body?: Uint8Array) => Promise<unknown>

/**
 * The bridge that runs on this data folder; undefined when none does. Rejects with a BridgeError of kind `transport`
 * (`ERR_ADMIN_FOREIGN`, `ERR_ADMIN_ANSWER`) when something else answers there, or nothing in time.
 */
export async function connectAdmin(settings: AdminSettings, dataPath: string): Promise<BridgeAccess | undefined> {
  const token = await readAdminToken(dataPath)
  if (token === undefined) return undefined
  const address = (await readAddress(dataPath)) ?? formatAddress(reachable(settings.host), settings.port)
  const call: Call = (method, path, body) => callAdmin(address, token, method, path, body)
  try {
    const hello = (await call('GET', '/')) as { name?: unknown } | undefined
    if (hello?.name !== 'bevy-bridge') throw foreign(address)
  } catch (error) {
    if (GONE.has(String((coerceError(error).cause as { code?: unknown } | undefined)?.code))) return undefined
    throw error
  }
  return {
    status: async () => (await call('GET', '/status')) as StatusReport,
    async inspect(query) {
      const params = new URLSearchParams('key' in query ? { key: query.key } : { email: query.email })
      if (query.data === true) params.set('data', '1')
      return (await call('GET', `/inspect?${params}`)) as InspectReport
    },
    async explain(input) {
      if ('seq' in input) return (await call('POST', `/explain?seq=${input.seq}`)) as ExplainReport
      return (await call('POST', '/explain', input.body)) as ExplainReport
    },
    ...callsOf(call),
  }
}

/** One function for each call of `calls.ts`: input and answer are JSON. */
function callsOf(call: Call): CareQueries & BridgeActions {
  const calls = Object.entries({ questions: QUESTIONS, actions: ACTIONS }).flatMap(([folder, schemas]) =>
    Object.keys(schemas).map((name) => {
      const path = `/${folder}/${name}`
      const ask = async (input: unknown): Promise<unknown> => {
        const answer = await call('POST', path, new TextEncoder().encode(JSON.stringify(input)))
        return answer ?? undefined
      }
      return [name, ask] as const
    }),
  )
  return Object.fromEntries(calls) as unknown as CareQueries & BridgeActions
}

async function readAddress(dataPath: string): Promise<string | undefined> {
  try {
    const text = (await readFile(adminAddressFile(dataPath), 'utf8')).trim()
    const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? []
    return host === undefined ? undefined : `${reachable(host)}:${port}`
  } catch {
    // It is only there while a bridge runs.
    return undefined
  }
}

function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' || host === '[::]' ? '[::1]' : host
}

async function callAdmin(
  address: string,
  token: string,
  method: string,
  path: string,
  body?: Uint8Array,
): Promise<unknown> {
  const { status, text } = await exchange(address, token, method, path, body).catch((error: unknown) => {
    const message = `the admin API at ${address} did not answer`
    throw new BridgeError('transport', 'ERR_ADMIN_ANSWER', message, { cause: error })
  })
  if (status === 401 || status === 403) throw foreign(address)
  const value = parse(text)
  if (status === 200) return value
  const { error } = (value ?? {}) as { error?: { kind: ErrorKind; code: string; message: string } }
  if (error?.code !== undefined) throw new BridgeError(error.kind, error.code, error.message)
  throw new BridgeError('transport', 'ERR_ADMIN_ANSWER', `the admin API at ${address} answered ${status}`)
}

function exchange(
  address: string,
  token: string,
  method: string,
  path: string,
  body?: Uint8Array,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-length': body.byteLength }) }
    const signal = AbortSignal.timeout(path === '/' ? HELLO : TIMEOUT)
    const request = httpRequest(`http://${address}${path}`, { method, agent: false, headers, signal }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function foreign(address: string): BridgeError {
  const message = `what answers at ${address} is not the bridge of this data folder; check admin.port and storage.path`
  return new BridgeError('transport', 'ERR_ADMIN_FOREIGN', message)
}
