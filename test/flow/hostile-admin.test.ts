/** What people could ask of a running bridge by mistake or malice: absurd keys, numbers and bodies. */

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { post } from '../kit/bridge-process.ts'
import { CANARY, hostileBody } from '../kit/hostile-bodies.ts'
import { startWholeBridge } from '../kit/hostile-bridge.ts'

const SECRET = `secret-of-the-${CANARY}`
const CONFIG = `
receiver: { host: 127.0.0.1, port: 0, secrets: [${SECRET}] }
admin: { port: 0 }
storage: { path: ./data, minFree: 1MB }
destinations:
  export: { plugin: csv, options: { path: "exports/{{ type }}.csv" } }
  relay: { plugin: webhook, options: { url: "https://example.com/{{ record.id }}" } }
routes:
  - { name: all, to: [export] }
  - { name: some, when: { type: user, record: { constructor: x } }, to: [relay] }
`

const records = (count: number): string => Array.from({ length: count }, (_, id) => `{"id":${id}}`).join()
const found = { records: [] }
const problem = (text: RegExp) => ({ problem: expect.stringMatching(text), records: [] })

const CASES: readonly (readonly [
  method: string,
  path: string,
  body: string | Uint8Array,
  status: number,
  answer?: unknown,
])[] = [
  ...['__proto__:1', 'constructor:1', ':', 'a', '', '../..', '%00', '%ED%A0%80', '%zz', 'x'.repeat(10_000)].map(
    (key) => ['GET', `/inspect?key=${key}`, '', 200, found] as const,
  ),
  ...['@', '%00@%00', '"a b"@c', `${'a'.repeat(9_000)}@example.com`].map(
    (email) => ['GET', `/inspect?email=${encodeURIComponent(email)}`, '', 200, found] as const,
  ),
  ['GET', '/inspect', '', 400],
  ['GET', '/inspect?key=a&email=b', '', 400],
  ['GET', `/inspect?key=${'x'.repeat(20_000)}`, '', 431],
  ...['0', '-1', '1e3', 'NaN', '99999999999999999', ''].map((seq) => ['POST', `/explain?seq=${seq}`, '', 400] as const),
  ['POST', '/explain?seq=9007199254740991', '', 200, { ...problem(/no such delivery/), seq: 9007199254740991 }],
  ['POST', '/explain', '', 200, problem(/empty/)],
  ['POST', '/explain', Uint8Array.of(0xff, 0xfe), 200, problem(/UTF-8/)],
  ['POST', '/explain', CANARY, 200, problem(/not JSON/)],
  ['POST', '/explain', '['.repeat(5_000_000), 200, problem(/deep/)],
  ['POST', '/explain', `[${'[],'.repeat(5_000_000)}0]`, 200, problem(/values/)],
  ['POST', '/explain', `[{"type":"user","data":[${records(50_001)}]}]`, 200, problem(/records/)],
  ['POST', '/explain', new Uint8Array(70_000_000), 413],
  ['POST', '/explain', `[{"type":"user","data":[${records(500)}]}]`, 200],
  ['POST', '/explain', `[{"type":"constructor","data":[{"id":1,"__proto__":{"x":1}}]}]`, 200],
  ...Array.from({ length: 60 }, (_, n) => ['POST', '/explain', hostileBody(3, n).bytes, 200] as const),
  ['PUT', '/explain', 'x', 404],
  ['GET', '/%2e%2e/%2e%2e/etc/passwd', '', 404],
]

describe('the admin API', () => {
  it('answers absurd questions with an answer or a plain refusal, prints nothing of them, and serves on', async () => {
    let log = ''
    const { port, folder, admin } = await startWholeBridge(CONFIG, {
      level: 'debug',
      secrets: [SECRET],
      write: (line) => (log += line),
    })
    const token = readFileSync(join(folder, 'data/admin-token'), 'utf8').trim()
    const address = readFileSync(join(folder, 'data/admin-address'), 'utf8').trim()
    const ask = (method: string, path: string, body: string | Uint8Array): Promise<[number, unknown]> =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}` }
        const sent = request(`http://${address}${path}`, { method, headers, agent: false }, async (response) => {
          let text = ''
          for await (const part of response) text += String(part)
          resolve([response.statusCode ?? 0, text === '' ? undefined : JSON.parse(text)])
        })
        sent.on('error', reject)
        sent.end(body)
      })
    const url = `http://127.0.0.1:${port}/bevy`
    for (const [n, [method, path, body, status, answer]] of CASES.entries()) {
      const [got, json] = await ask(method, path, body)
      const name = `${n} ${method} ${path.slice(0, 40)} ${String(body).slice(0, 40)}`
      expect([name, got]).toEqual([name, status])
      if (answer !== undefined) expect([name, json]).toEqual([name, answer])
    }
    expect(await post(url, '[{"type":"user","data":[{"id":1}]}]', { 'x-bevy-secret': SECRET })).toBe(200)
    while ((await admin.status()).journal.indexed < 1) await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await admin.inspect({ key: 'user:1' })).records).toHaveLength(1)
    expect(log).not.toMatch(new RegExp(`${CANARY}|"level":"error"`))
  }, 60_000)
})
