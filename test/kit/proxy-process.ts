import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { TEST_CERT, TEST_KEY } from './tls.ts'

/** The proxies there is an example for. */
export const PROXIES = ['nginx', 'caddy'] as const
export type Proxy = (typeof PROXIES)[number]

/** The host name the adapted examples serve; the test certificate is good for it. */
export const PROXY_HOST = 'hooks.test'

/** A proxy as a process of its own, with the shipped example as its config. */
export interface ProxyProcess {
  /** HTTPS. */
  readonly port: number
  /** Plain HTTP. */
  readonly plainPort: number
  stop(): Promise<void>
}

/** Where the program is, undefined when it is not installed. nginx lies in a folder that is not on everybody's PATH. */
export function findProxy(proxy: Proxy): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, proxy)).find((file) => existsSync(file))
}

/**
 * Starts a proxy in front of a port of 127.0.0.1. Of the shipped example only placeholders change: ports, host name, certificate and
 * times; `change` gives further replacements, each of which must be found.
 */
export async function startProxyProcess(
  proxy: Proxy,
  folder: string,
  upstream: number,
  change: readonly Replacement[] = [],
): Promise<ProxyProcess> {
  mkdirSync(folder, { recursive: true })
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, TEST_CERT)
  writeFileSync(files.key, TEST_KEY)
  const [port, plainPort] = await freePorts()
  const place = { folder, upstream, port, plainPort, ...files }
  const { args, ready } = proxy === 'nginx' ? writeNginx(place, change) : writeCaddy(place, change)
  const child = spawn(findProxy(proxy) ?? proxy, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  processes.add(child)
  const closed = once(child, 'close').then(() => processes.delete(child))
  await new Promise<void>((done, fail) => {
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.includes(ready)) done()
    })
    void closed.then(() => fail(new Error(`${proxy} ended:\n${text}`)))
  })
  return {
    port,
    plainPort,
    async stop() {
      // One process without children; a gentle end would wait for connections that a test keeps open.
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** What is replaced by what in a shipped example. */
export type Replacement = readonly [from: string, to: string]

interface Place {
  readonly folder: string
  readonly upstream: number
  readonly port: number
  readonly plainPort: number
  readonly cert: string
  readonly key: string
}

const examples = resolve(import.meta.dirname, '../../docs/proxy')
const processes = new Set<ChildProcess>()

/** Ends what a failed test left running. */
export function endProxyProcesses(): void {
  for (const child of processes) child.kill('SIGKILL')
}

function writeNginx({ folder, upstream, port, plainPort, cert, key }: Place, change: readonly Replacement[]) {
  const site = adapt('nginx.conf', [
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen [::]:443 ssl;', ''],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen [::]:80;', ''],
    ['hooks.example.org;', `${PROXY_HOST};`],
    ['/etc/letsencrypt/live/hooks.example.org/fullchain.pem', cert],
    ['/etc/letsencrypt/live/hooks.example.org/privkey.pem', key],
    ['127.0.0.1:8080;', `127.0.0.1:${upstream};`],
    ['proxy_read_timeout 35s;', 'proxy_read_timeout 2s;'],
    ...change,
  ])
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const main = [
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr notice;`,
    'events {}',
    'http {',
    'access_log off; client_header_timeout 2s; client_body_timeout 2s;',
    ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
    'include site.conf;',
    '}',
  ]
  writeFileSync(join(folder, 'site.conf'), site)
  writeFileSync(join(folder, 'nginx.conf'), main.join('\n'))
  // What it says last, when it listens already.
  return { args: ['-p', folder, '-e', 'stderr', '-c', 'nginx.conf'], ready: 'getrlimit' }
}

function writeCaddy({ folder, upstream, port, plainPort, cert, key }: Place, change: readonly Replacement[]) {
  const own = `admin off\n\tdefault_bind 127.0.0.1\n\thttps_port ${port}\n\thttp_port ${plainPort}`
  const site = adapt('Caddyfile', [
    ['auto_https disable_redirects', `auto_https disable_redirects\n\t${own}`],
    [
      '\n\t# tls /etc/ssl/hooks.example.org/fullchain.pem /etc/ssl/hooks.example.org/privkey.pem',
      `\n\ttls ${cert} ${key}`,
    ],
    ['\nhooks.example.org {', `\n${PROXY_HOST} {`],
    ['127.0.0.1:8080 {', `127.0.0.1:${upstream} {`],
    ['response_header_timeout 35s', 'response_header_timeout 2s'],
    ['read_body 2m', 'read_body 2s'],
    ...change,
  ])
  writeFileSync(join(folder, 'Caddyfile'), site)
  return { args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'], ready: 'serving initial configuration' }
}

function adapt(name: string, replacements: readonly Replacement[]): string {
  let text = readFileSync(join(examples, name), 'utf8')
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`${name} has no "${from}"`)
    text = text.replaceAll(from, () => to)
  }
  return text
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server.listen(0, '127.0.0.1'), 'listening')
      return (server.address() as AddressInfo).port
    }),
  )
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports as [number, number]
}
