import type { Log } from '../../src/core/ports.ts'
import type { Facts } from '../../src/core/types.ts'

/** A log that remembers its lines. */
export interface MemoryLog extends Log {
  readonly lines: { level: string; event: string; facts: Facts; error?: unknown }[]
}

export function createMemoryLog(): MemoryLog {
  const lines: MemoryLog['lines'] = []
  return {
    lines,
    debug: (event, facts = {}) => void lines.push({ level: 'debug', event, facts }),
    info: (event, facts = {}) => void lines.push({ level: 'info', event, facts }),
    warn: (event, facts = {}) => void lines.push({ level: 'warn', event, facts }),
    error: (event, facts = {}, error) => void lines.push({ level: 'error', event, facts, error }),
  }
}
