import { BlockList, isIP } from 'node:net'
import { BridgeError } from './errors.ts'

/**
 * Networks no request may reach unless the config says so: everything that is not the public internet
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry),
 * and the IPv6 networks that carry an IPv4 address inside.
 */
export const PRIVATE_NETWORKS: readonly string[] = `
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
  192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
  255.255.255.255/32 ::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:db8::/32
  2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
`
  .trim()
  .split(/\s+/)

/** A set of networks. */
export interface Networks {
  /** True for an IP address in one of them; an IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`) counts as itself. */
  has(address: string): boolean
}

/** @throws BridgeError of kind `config`, `ERR_HTTP_CIDR`, when one of the networks is not written like `10.1.0.0/16` */
export function createNetworks(networks: readonly string[]): Networks {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    const version = isIP(address)
    const length = /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (version === 0 || length < 0 || length > (version === 4 ? 32 : 128)) {
      throw new BridgeError('config', 'ERR_HTTP_CIDR', `expected a network such as 10.1.0.0/16, got ${network}`)
    }
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  }
  return { has: (address) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6') }
}

let privateNetworks: Networks | undefined

/** True for an IP address that is not one of the public internet. */
export function isPrivateAddress(address: string): boolean {
  privateNetworks ??= createNetworks(PRIVATE_NETWORKS)
  return privateNetworks.has(address)
}

/**
 * True when the host of a URL is private for certain, without a look-up: an IP address that is, or `localhost`. Any other name may
 * still lead to a private address, which the HTTP client finds out when it connects.
 *
 * @param hostname as `URL.hostname` gives it, which has already made `127.0.0.1` of `0x7f.1` and `2130706433`
 */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return isIP(bare) === 0 ? /(?:^|\.)localhost$/i.test(bare) : isPrivateAddress(bare)
}
