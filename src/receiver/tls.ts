import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { BridgeError, coerceError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'

/** Paths of a certificate (with its chain) and its key, PEM. */
export interface PairFiles {
  readonly cert: string
  readonly key: string
}

/** Their contents, tried and found to belong together. */
export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Reads a pair and tries it. Rejects with `ERR_RECEIVER_TLS` when a file cannot be read or the two do not fit. */
export async function loadPair(files: PairFiles): Promise<Pair> {
  return tried(await readPair(files), files)
}

async function readPair(files: PairFiles): Promise<Pair> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)])
    return { cert, key }
  } catch (error) {
    throw tlsError(`cannot read the certificate ${files.cert} and its key ${files.key}`, error)
  }
}

function tried(pair: Pair, files: PairFiles): Pair {
  try {
    createSecureContext({ cert: pair.cert, key: pair.key })
    return pair
  } catch (error) {
    throw tlsError(`the certificate ${files.cert} and the key ${files.key} cannot be used together`, error)
  }
}

function tlsError(message: string, cause: unknown): BridgeError {
  return new BridgeError('config', 'ERR_RECEIVER_TLS', `receiver.tls: ${message}`, { cause })
}

/**
 * Reads the files again every `interval` milliseconds: contents, not dates, so that every way of replacing them is seen. Calls
 * `onPair` for a new good pair, and `onError` once for each new bad one. Returns a function that stops it.
 */
export function watchPair(
  files: PairFiles,
  current: Pair,
  options: {
    readonly clock: Clock
    readonly interval: number
    readonly onPair: (pair: Pair) => void
    readonly onError: (error: unknown) => void
  },
): () => void {
  let seen: Pair | undefined = current
  let told = ''
  let stopped = false
  let cancel = options.clock.timer(options.interval, () => void look())

  async function look(): Promise<void> {
    try {
      const pair = await readPair(files)
      const same = seen !== undefined && pair.cert.equals(seen.cert) && pair.key.equals(seen.key)
      if (!same && !stopped) {
        seen = pair
        options.onPair(tried(pair, files))
      }
      told = ''
    } catch (error) {
      // A pair is tried once, but a file that stays unreadable fails each time: tell it once.
      const message = coerceError(error).message
      if (!stopped && message !== told) options.onError(error)
      told = message
    }
    if (!stopped) cancel = options.clock.timer(options.interval, () => void look())
  }

  return () => {
    stopped = true
    cancel()
  }
}
