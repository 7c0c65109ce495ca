import { BlockList, isIP } from 'node:net'
import { BridgeError } from '../core/errors.ts'

/** Says whether an address belongs to a trusted proxy. */
export type IsTrusted = (address: string) => boolean

/**
 * Compiles `receiver.trustedProxies`: addresses and networks (`10.0.0.0/8`, `fd00::/8`).
 * Throws `ERR_RECEIVER_PROXIES` for anything else.
 */
export function compileProxies(entries: readonly string[]): IsTrusted {
  if (entries.length === 0) return () => false
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address)
    const bits = prefix === undefined ? undefined : Number(prefix)
    const valid = bits === undefined || (/^\d+$/.test(prefix ?? '') && bits <= (family === 4 ? 32 : 128))
    if (family === 0 || !valid) {
      const message = `receiver.trustedProxies: "${entry}" is not an address or a network like 10.0.0.0/8`
      throw new BridgeError('config', 'ERR_RECEIVER_PROXIES', message)
    }
    if (bits === undefined) list.addAddress(address, family === 4 ? 'ipv4' : 'ipv6')
    else list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/**
 * The address a request came from: the peer's, or where the peer is a trusted proxy, the last one in `X-Forwarded-For` that is not
 * a trusted proxy itself. `unknown` when the peer is already gone.
 */
export function addressOf(peer: string | undefined, forwardedFor: string | undefined, isTrusted: IsTrusted): string {
  let address = plain(peer ?? '')
  if (address === '') return 'unknown'
  const hops = (forwardedFor ?? '').split(',').map((hop) => plain(hop.trim()))
  while (isTrusted(address)) {
    const hop = hops.pop()
    if (hop === undefined || isIP(hop) === 0) break
    address = hop
  }
  return address
}

/** An IPv6 customer owns at least a /64: the throttle counts it as one. */
export function throttleKey(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length
  const all =
    tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...tail.split(':')]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '') || '0')
    .join(':')}::/64`
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '')
}
