/** The secret Bevy has to send. */

import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BridgeError } from '../core/errors.ts'

/** Where a secret that was made is kept, mode 0600. */
export const SECRET_FILE = 'secret'

/** The accepted secrets, and where they come from. */
export interface Secrets {
  readonly values: readonly string[]
  readonly origin: 'config' | 'file' | 'made'
  /** The file of one that was made. */
  readonly file?: string
}

/**
 * Secrets of the config; else the one in the data folder; else, in a store without deliveries, a new one. A store that has
 * deliveries and no secret has lost its config: rejects with ERR_SECRET_MISSING rather than lock Bevy out with a new one.
 */
export async function findSecrets(
  configured: readonly string[],
  dataPath: string,
  hasDeliveries: boolean,
): Promise<Secrets> {
  if (configured.length > 0) return { values: configured, origin: 'config' }
  const file = join(dataPath, SECRET_FILE)
  const kept = await readSecret(dataPath)
  if (kept !== undefined) return { values: [kept], origin: 'file', file }
  if (hasDeliveries) {
    throw new BridgeError(
      'config',
      'ERR_SECRET_MISSING',
      `no secret: receiver.secrets is empty and ${file} is missing, but the store has deliveries. Set BEVY_SECRET to the one Bevy sends`,
    )
  }
  const made = randomBytes(32).toString('base64url')
  await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' })
  return { values: [made], origin: 'made', file }
}

/** The secret kept in the data folder. */
export async function readSecret(dataPath: string): Promise<string | undefined> {
  try {
    const text = (await readFile(join(dataPath, SECRET_FILE), 'utf8')).trim()
    return text === '' ? undefined : text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
