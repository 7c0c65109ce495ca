import dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { createNetworks, isPrivateAddress } from '../core/addresses.ts'
import { DestinationError } from '../core/errors.ts'

/** Decides which addresses may be connected to. */
export interface AddressGuard {
  /** True when a connection to this IP address is allowed. */
  allows(address: string): boolean
  /** @throws DestinationError `ERR_HTTP_PRIVATE_ADDRESS` when the host of a URL is itself a forbidden address; such a host is never looked up */
  checkHost(hostname: string): void
  /** For `Agent` and `connect`: gives only allowed addresses, or fails with that same DestinationError. */
  readonly lookup: LookupFunction
}

/** What the guard lets through beyond the public internet, and how names are looked up. */
export interface AddressGuardOptions {
  readonly allowPrivateNetworks: boolean
  /** Networks allowed in spite of the list, `10.1.0.0/16`. */
  readonly allowedCidrs?: readonly string[]
  /** In place of `dns.lookup`, for tests. */
  readonly lookup?: LookupFunction
}

/**
 * Makes the guard. Addresses are checked after the name was looked up, and those are the ones connected to, so a name that
 * changes its address between check and use (DNS rebinding) gains nothing.
 *
 * @throws BridgeError `ERR_HTTP_CIDR` when one of `allowedCidrs` cannot be read
 */
export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const allowed = createNetworks(options.allowedCidrs ?? [])
  const resolve = options.lookup ?? (dns.lookup as LookupFunction)

  const allows = (address: string): boolean =>
    isIP(address) !== 0 && (options.allowPrivateNetworks || allowed.has(address) || !isPrivateAddress(address))

  return {
    allows,
    checkHost(hostname) {
      const bare = hostname.replace(/^\[|\]$/g, '')
      if (isIP(bare) !== 0 && !allows(bare)) throw privateAddress(`${bare} is a private address`)
    },
    lookup(hostname, lookupOptions, callback) {
      resolve(hostname, { ...lookupOptions, all: true }, (error, found, family) => {
        if (error) return callback(error, [])
        const all = Array.isArray(found) ? found : [{ address: found, family: family ?? isIP(found) }]
        const usable = all.filter(({ address }) => allows(address))
        const [first] = usable
        if (all[0] === undefined) return callback(Object.assign(new Error('no address'), { code: 'ENODATA' }), [])
        if (first === undefined) {
          return callback(privateAddress(`${hostname} leads to a private address (${all[0].address})`), [])
        }
        if (lookupOptions.all === true) callback(null, usable)
        else callback(null, first.address, first.family)
      })
    },
  }
}

function privateAddress(what: string): DestinationError {
  return new DestinationError(`${what}; allowPrivateNetworks: true would let it through`, {
    code: 'ERR_HTTP_PRIVATE_ADDRESS',
  })
}
