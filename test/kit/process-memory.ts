import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The most memory a process has had so far, in MB; where the system does not tell, what it has now. */
export function peakMemory(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
  }
}
