import net from 'node:net'
import type { HostileBody } from './hostile-bodies.ts'
import { head } from './raw-client.ts'

/** Posts bodies over a few connections, many on each before the answers, and gives the number each was stored under. */
export async function flood(
  port: number,
  count: number,
  bodyOf: (n: number) => HostileBody,
  {
    secret,
    header = 'X-BEVY-SECRET',
    connections = 8,
    pipelined = 16,
  }: {
    readonly secret: string
    readonly header?: string
    readonly connections?: number
    readonly pipelined?: number
  },
): Promise<Uint32Array> {
  const seqs = new Uint32Array(count)
  let next = 0
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
      const waiting: number[] = []
      let text = ''
      const fill = (): void => {
        const parts: Uint8Array[] = []
        while (waiting.length < pipelined && next < count) {
          waiting.push(next)
          parts.push(...request(bodyOf(next++), header, secret))
        }
        if (parts.length > 0) socket.write(Buffer.concat(parts))
        if (waiting.length > 0) return
        resolve()
        socket.destroy()
      }
      socket.on('connect', fill)
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        let end = 0
        for (const answer of text.matchAll(ANSWER)) {
          const n = waiting.shift()
          if (answer[1] !== '200' || n === undefined) return void reject(new Error(`body ${n}: answered ${answer[0]}`))
          seqs[n] = Number(answer[2])
          end = answer.index + answer[0].length
        }
        text = text.slice(end)
        if (waiting.length <= pipelined / 2) fill()
      })
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`closed before body ${waiting[0]} was answered: ${text}`)))
    })
  await Promise.all(Array.from({ length: connections }, lane))
  return seqs
}

const ANSWER = /HTTP\/1\.1 (\d+) [^]*?\r\n\r\n\{"id":"[a-z0-9]+-(\d+)"\}/g

function request({ bytes, encoding, contentType }: HostileBody, header: string, secret: string): Uint8Array[] {
  const headers = { [header]: secret, 'Content-Encoding': encoding, 'Content-Type': contentType }
  return [Buffer.from(head('POST /bevy', { ...headers, 'Content-Length': bytes.byteLength }), 'latin1'), bytes]
}
