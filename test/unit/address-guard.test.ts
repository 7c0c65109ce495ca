import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createAddressGuard } from '../../src/http/address-guard.ts'

const guard = createAddressGuard({ allowPrivateNetworks: false })

/** First and last address of every forbidden network, and both as IPv4 inside IPv6. */
const FORBIDDEN_V4 = `
  0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.255.255.255
  169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.0
  192.0.2.255 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0
  198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
`
  .trim()
  .split(/\s+/)
const FORBIDDEN_V6 = `
  :: ::1 ::7f00:1 ::ffff:0:10.0.0.1 fe80:: fe80::1%eth0 febf:ffff:: fec0::1 fc00:: fdff::1 ff00:: ff02::1
  2001:db8:: 2001:db8:ffff::1 100:: 64:ff9b:: 64:ff9b::8.8.8.8 64:ff9b:1::1 2002:: 2002:7f00:1:: 2001::1
  5f00:: 5f00:ffff::1 3fff::1
`
  .trim()
  .split(/\s+/)
const PUBLIC = `
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
  169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
  198.20.0.0 223.255.255.255 ::ffff:8.8.8.8 2606:4700::1111 2a00::1 2001:4860:4860::8888 fbff::1 64:ff9a::1
  2003::1
`
  .trim()
  .split(/\s+/)

describe('address guard', () => {
  it.each(FORBIDDEN_V4)('forbids %s, also mapped into IPv6', (address) => {
    expect([guard.allows(address), guard.allows(`::ffff:${address}`)]).toEqual([false, false])
  })
  it.each(FORBIDDEN_V6)('forbids %s', (address) => expect(guard.allows(address)).toBe(false))
  it.each(PUBLIC)('allows %s', (address) => expect(guard.allows(address)).toBe(true))
  it.each(['', 'localhost', '1.2.3', '300.1.1.1'])('allows nothing that is no address: "%s"', (address) => {
    expect(guard.allows(address)).toBe(false)
  })

  it.each(
    `
  http://127.0.0.1/ http://127.1/ http://0177.0.0.1/ http://0x7f.0.0.1/ http://0x7f000001/ http://2130706433/
  http://017700000001/ http://①②⑦.⓪.⓪.①/ http://127.0.0.1./ http://%31%32%37.0.0.1/ http://[::1]/
  http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[0:0:0:0:0:ffff:a00:1]/ http://[::127.0.0.1]/
  http://0/ http://169.254.169.254/ http://[fd00:ec2::254]/
`
      .trim()
      .split(/\s+/),
  )('refuses the host of %s without a look-up', (url) => {
    expect(() => guard.checkHost(new URL(url).hostname)).toThrow(
      expect.objectContaining({ kind: 'destination', code: 'ERR_HTTP_PRIVATE_ADDRESS' }),
    )
  })

  it('lets through what the config allows, and only that', () => {
    const open = createAddressGuard({ allowPrivateNetworks: false, allowedCidrs: ['10.1.0.0/16', 'fd00:1::/32'] })
    const seen = ['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::5', '10.2.0.1', 'fd00:2::5', '127.0.0.1'].map(open.allows)
    expect(seen).toEqual([true, true, true, false, false, false])
    expect(createAddressGuard({ allowPrivateNetworks: true }).allows('127.0.0.1')).toBe(true)
  })

  it.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'example.com/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/1e1'])(
    'refuses %s as a network',
    (network) => {
      expect(() => createAddressGuard({ allowPrivateNetworks: false, allowedCidrs: [network] })).toThrow(
        expect.objectContaining({ kind: 'config', code: 'ERR_HTTP_CIDR' }),
      )
    },
  )

  const answering = (...addresses: string[]): LookupFunction => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    return (_host, _options, callback) => callback(null, found)
  }
  const lookUp = (lookup: LookupFunction, all: boolean): Promise<unknown> =>
    new Promise((resolve) => {
      createAddressGuard({ allowPrivateNetworks: false, lookup }).lookup('hooks.test', { all }, (error, found) =>
        resolve(error ?? found),
      )
    })

  it('gives only the public addresses of a name', async () => {
    const mixed = answering('10.0.0.1', '8.8.8.8', '64:ff9b::808:808', '1.1.1.1')
    expect(await lookUp(mixed, true)).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '1.1.1.1', family: 4 },
    ])
    expect(await lookUp(mixed, false)).toBe('8.8.8.8')
  })

  it('refuses a name that leads only to private addresses', async () => {
    expect(await lookUp(answering('10.0.0.1', '::1'), true)).toMatchObject({ code: 'ERR_HTTP_PRIVATE_ADDRESS' })
  })
})
