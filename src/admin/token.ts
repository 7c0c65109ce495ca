import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** Where the admin token of a data folder is kept. */
export function adminTokenFile(dataPath: string): string {
  return join(dataPath, 'admin-token')
}

/** The token of a data folder; undefined when there is none, or none that can be used. */
export async function readAdminToken(dataPath: string): Promise<string | undefined> {
  try {
    const token = (await readFile(adminTokenFile(dataPath), 'utf8')).trim()
    return TOKEN.test(token) ? token : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The token of a data folder, made once with 256 random bits. The file is always for its owner alone (mode 0600). */
export async function ensureAdminToken(dataPath: string): Promise<string> {
  const file = adminTokenFile(dataPath)
  const found = await readAdminToken(dataPath)
  if (found !== undefined) {
    await chmod(file, 0o600)
    return found
  }
  await mkdir(dataPath, { recursive: true })
  const token = randomBytes(32).toString('base64url')
  // Beside and renamed: a kill leaves no half token, and a file with wider permissions is replaced, not filled.
  const beside = `${file}.${process.pid}.new`
  await writeFile(beside, `${token}\n`, { mode: 0o600 })
  await rename(beside, file)
  return token
}

/** Whether an `Authorization` header carries this token; takes the same time wherever they differ. */
export function isAuthorized(header: string | null, token: string): boolean {
  const given = /^Bearer ([^\s]+)$/i.exec(header ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
