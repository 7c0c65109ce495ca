const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION_PART = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/gy

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)$/i

/**
 * Milliseconds of a duration as people write it: `500ms`, `30s`, `5m`, `2h`, `7d`, combined `1h30m`. A number is
 * milliseconds already; text without a unit means nothing, save `0`. Undefined for anything else.
 */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  const text = value.trim()
  if (text === '0') return 0
  let total = 0
  let end = 0
  for (const match of text.matchAll(DURATION_PART)) {
    const [part, amount, unit] = match as unknown as [string, string, string]
    total += Number(amount) * (DURATION_UNITS[unit] ?? Number.NaN)
    end = match.index + part.length
  }
  return end === text.length && end > 0 && Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined
}

/** `1h30m`: reads back as the same number of milliseconds (fractions of one are rounded). */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'forever'
  let rest = Math.round(Math.abs(ms))
  if (rest === 0) return '0s'
  let text = ms < 0 ? '-' : ''
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = DURATION_UNITS[unit] as number
    const amount = Math.floor(rest / size)
    if (amount > 0) text += `${amount}${unit}`
    rest -= amount * size
  }
  return text
}

/**
 * Bytes of a size: `500kB`, `64MB` (decimal), `1GiB` (binary), case ignored. A number is bytes already. Undefined for
 * anything else.
 */
export function parseSize(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
  const text = value.trim()
  if (text === '0') return 0
  const match = SIZE.exec(text)
  if (match === null) return undefined
  const bytes = Math.round(Number(match[1]) * (SIZE_UNITS[(match[2] as string).toLowerCase()] as number))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** `64MB`, `1.5kB`: decimal units, one digit after the point at most. */
export function formatSize(bytes: number): string {
  let amount = bytes
  let unit = 'B'
  for (const next of ['kB', 'MB', 'GB', 'TB']) {
    // 999.95 of a unit would be printed as 1000.
    if (Math.abs(amount) < 999.95) break
    amount /= 1000
    unit = next
  }
  return `${unit === 'B' ? Math.round(amount) : Math.round(amount * 10) / 10}${unit}`
}
