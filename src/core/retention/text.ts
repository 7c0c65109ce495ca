import type { Holder } from './rules.ts'

/** Who holds the journal, and what to do about it, as a person reads it. */
export function holderText({ by, name, seq }: Holder): string {
  switch (by) {
    case 'index':
      return `delivery ${seq} is not indexed yet`
    case 'cursor':
      return `${name} has not read delivery ${seq} yet; see why in \`bevy-bridge status\`, or give up what it has not read with \`bevy-bridge skip ${name} --to now\``
    case 'waiting':
      return `a job of ${name} from delivery ${seq} still waits; see \`bevy-bridge status\`, or give it up with \`bevy-bridge skip ${name} --to ${seq + 1}\``
    case 'replay':
      return `a replay of ${name} has come to delivery ${seq}; \`bevy-bridge replay ${name} --cancel\` ends it`
    case 'orphan':
      return `${name}, which is no longer in the config, needs it from delivery ${seq} on; put it back, or delete its state with \`bevy-bridge forget ${name}\``
    case 'quarantine':
      return `body ${name} in quarantine waits for somebody; \`bevy-bridge quarantine retry ${name}\`, or discard it`
  }
}

/** Why a delivery cannot be given: the journal begins later. */
export function goneText(seq: number, first: number): string {
  return `delivery ${seq} is no longer kept: the journal begins with delivery ${first} (retention.journal)`
}
