/** Posts as Bevy does, and keeps what was answered 200. */

import { createHash } from 'node:crypto'
import { Agent, request as httpRequest, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Answer } from '../core/bevy/sending.ts'
import type { Acknowledgment } from '../core/torture/facts.ts'

/** Where deliveries go. */
export interface Door {
  readonly header: string
  readonly secret: string
  /** Undefined while nothing listens. */
  url(): string | undefined
}

export interface Poster {
  /** Never rejects: whatever goes wrong is an answer. */
  post(body: Uint8Array, signal?: AbortSignal): Promise<Answer>
  readonly acknowledged: readonly Acknowledgment[]
  readonly posts: number
  close(): void
}

/** Makes one; connections are kept. */
export function createPoster({ header, secret, url }: Door): Poster {
  const acknowledged: Acknowledgment[] = []
  const agents = {
    'http:': new Agent({ keepAlive: true }),
    // The config's own certificate, for a name that is not this one.
    'https:': new HttpsAgent({ keepAlive: true, rejectUnauthorized: false }),
  }
  let posts = 0

  const exchange = (target: URL, body: Uint8Array, signal?: AbortSignal): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const secure = target.protocol === 'https:'
      const options: RequestOptions = {
        method: 'POST',
        agent: secure ? agents['https:'] : agents['http:'],
        headers: { 'content-type': 'application/json', 'content-length': body.byteLength, [header]: secret },
        ...(signal && { signal }),
      }
      const request = (secure ? httpsRequest : httpRequest)(target, options, (response) => {
        const chunks: Buffer[] = []
        const end = (): void => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        // The status is the answer, whatever becomes of the rest.
        response
          .on('data', (chunk: Buffer) => void chunks.push(chunk))
          .on('end', end)
          .on('error', end)
      })
      request.on('error', reject)
      request.end(body)
    })

  return {
    acknowledged,
    get posts() {
      return posts
    },
    async post(body, signal) {
      posts += 1
      const target = url()
      if (target === undefined) return { failed: 'connect' }
      try {
        const { status, text } = await exchange(new URL(target), body, signal)
        if (status === 200) acknowledged.push({ seq: seqOf(text), digest: digestOf(body) })
        return { status }
      } catch {
        return { failed: 'reset' }
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** What tells one body from another. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url')

/** The delivery's number in `{"id":"<store>-<seq>"}`. */
function seqOf(text: string): number | undefined {
  const seq = /"id"\s*:\s*"[a-z0-9]+-(\d+)"/.exec(text)?.[1]
  return seq === undefined ? undefined : Number(seq)
}
