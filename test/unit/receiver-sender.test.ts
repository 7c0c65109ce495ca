import { describe, expect, it } from 'vitest'
import { adviceFor, printable } from '../../src/receiver/advice.ts'
import { addressOf, compileProxies, throttleKey } from '../../src/receiver/address.ts'
import { pathOf, samePath } from '../../src/receiver/path.ts'
import { isUnproven, reasonOfFault, statusOf } from '../../src/receiver/reasons.ts'
import { findSecret } from '../../src/receiver/secret.ts'
import { createThrottle } from '../../src/receiver/throttle.ts'
import { receiverSettings } from '../kit/receiver-process.ts'

describe('findSecret', () => {
  const secrets = ['old secret', '', 'geheim-ü']
  const latin1 = Buffer.from('geheim-ü', 'utf8').toString('latin1')

  it.each([
    ['the first secret', ['X-Key', 'old secret'], 'right', 0],
    ['the second, not ASCII, as bytes', ['X-Key', latin1], 'right', 1],
    ['the header in another case', ['x-KEY', 'old secret'], 'right', 0],
    ['among several headers of the name', ['X-Key', 'no', 'X-Key', 'old secret'], 'right', 0],
    ['another value', ['X-Key', 'old secrets'], 'wrong'],
    ['a beginning of it', ['X-Key', 'old'], 'wrong'],
    ['another case', ['X-Key', 'Old Secret'], 'wrong'],
    ['an empty value, though an empty secret is configured', ['X-Key', ''], 'wrong'],
    ['no such header', ['X-Other', 'x'], 'none'],
    ['nothing', [], 'none'],
  ])('%s', (_name, headers, state, place?: number) => {
    expect(findSecret(headers, 'X-Key', secrets)).toEqual({ state, ...(place === undefined ? {} : { place }) })
  })

  it('finds the right secret under another name, and behind a word', () => {
    const token = ['token']
    expect(findSecret(['Host', 'a', 'X-Other', 'token'], 'X-Key', token)).toEqual({
      state: 'elsewhere',
      header: 'X-Other',
      prefixed: false,
    })
    expect(findSecret(['X-Key', 'Bearer token'], 'X-Key', token)).toEqual({
      state: 'elsewhere',
      header: 'X-Key',
      prefixed: true,
    })
    expect(findSecret(['X-Key', 'token', 'X-Other', 'token'], 'X-Key', token)).toEqual({
      state: 'right',
      place: 0,
    })
  })

  it('accepts nothing when no secret is configured', () => {
    expect(findSecret(['X-Key', ''], 'X-Key', [])).toEqual({ state: 'wrong' })
  })
})

describe('paths', () => {
  it.each([
    ['/bevy', '/bevy'],
    ['/bevy?a=/b#c', '/bevy'],
    ['http://host:80/bevy?x', '/bevy'],
    ['HTTPS://host', '/'],
    ['?x', '/'],
    ['*', '*'],
    [undefined, '/'],
  ])('path of %s', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })

  it.each([
    ['/bevy', '/bevy/', true],
    ['/bevy/', '/bevy', true],
    ['/', '/', true],
    ['/bevy', '/bevy//', false],
    ['/bevy', '/Bevy', false],
    ['/bevy', '/bev%79', false],
    ['/bevy', '//bevy', false],
  ])('%s and %s', (a, b, same) => {
    expect(samePath(a, b)).toBe(same)
  })
})

describe('addressOf', () => {
  const trusted = compileProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])

  it.each([
    ['an untrusted peer is believed itself', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['behind a trusted proxy', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['what a sender wrote in front is not believed', '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['through two trusted proxies', '192.0.2.7', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['nonsense in the header', '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
    ['no header', '10.1.2.3', undefined, '10.1.2.3'],
    ['IPv4 in IPv6', '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
    ['IPv6', 'fd00::1', '2001:db8::5', '2001:db8::5'],
    ['a peer already gone', undefined, '198.51.100.1', 'unknown'],
  ])('%s', (_name, peer, header, address) => {
    expect(addressOf(peer, header, trusted)).toBe(address)
  })

  it.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/', ''])('refuses %j as a proxy', (entry) => {
    expect(() => compileProxies([entry])).toThrow(expect.objectContaining({ code: 'ERR_RECEIVER_PROXIES' }))
  })

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0002::', '2001:db8:0:2::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is throttled as %s', (address, key) => {
    expect(throttleKey(address)).toBe(key)
  })
})

describe('throttle', () => {
  it('hears a burst, then one per refill, and says how many it passed over', () => {
    const throttle = createThrottle({ burst: 2, refill: 100 })
    const fail = (now: number, key = 'a') => throttle.fail(key, now)
    expect([fail(0), fail(0), fail(1), fail(99)].map(({ state }) => state)).toEqual([
      'heard',
      'heard',
      'silent',
      'silent',
    ])
    expect(fail(99, 'b')).toEqual({ state: 'heard', suppressed: 0 })
    expect(fail(100)).toEqual({ state: 'heard', suppressed: 2 })
    expect(fail(199)).toEqual({ state: 'silent' })
    expect(fail(200)).toEqual({ state: 'heard', suppressed: 1 })
    // Rested for long: the whole burst, not more.
    expect([fail(10_000), fail(10_000), fail(10_000)].map(({ state }) => state)).toEqual(['heard', 'heard', 'silent'])
  })

  it('forgets the key not heard of for longest', () => {
    const throttle = createThrottle({ burst: 1, refill: 1_000, maxKeys: 2 })
    for (const key of ['a', 'b', 'a', 'c']) throttle.fail(key, 0)
    expect(throttle.fail('a', 0)).toEqual({ state: 'silent' })
    expect(throttle.fail('b', 0)).toEqual({ state: 'heard', suppressed: 0 })
  })
})

describe('reasons', () => {
  it('have the statuses of the answer table, and none that a sender could take for an acknowledgment by accident', () => {
    expect([statusOf('wrong-secret'), statusOf('no-secret'), statusOf('wrong-header')]).toEqual([401, 401, 401])
    expect([statusOf('wrong-path'), statusOf('too-large')]).toEqual([404, 413])
    expect((['not-storable', 'append-failed', 'not-admitted', 'draining'] as const).map(statusOf)).toEqual([
      503, 503, 503, 503,
    ])
    expect((['malformed', 'slow-body', 'slow-head', 'sender-gone', 'internal'] as const).map(statusOf)).toEqual(
      Array(5).fill(undefined),
    )
  })

  it('never count a sender with the right secret under another header as a stranger', () => {
    expect(isUnproven('wrong-header')).toBe(false)
    expect(isUnproven('wrong-secret')).toBe(true)
  })

  it('tell a lost connection from broken HTTP', () => {
    expect(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'].map(reasonOfFault)).toEqual(Array(3).fill(undefined))
    expect(['HPE_HEADER_OVERFLOW', 'ERR_HTTP_REQUEST_TIMEOUT', 'HPE_INVALID_METHOD'].map(reasonOfFault)).toEqual([
      'head-too-large',
      'slow-head',
      'malformed',
    ])
  })
})

describe('advice', () => {
  it('names what to change where', () => {
    const advice = adviceFor(receiverSettings({ publicUrl: 'https://hooks.example.org/bevy', secretHeader: 'X-Key' }))
    expect(advice.wrongHeader('X-Other', false)).toContain('receiver.secretHeader to X-Other')
    expect(advice.wrongPath('/bevvy')).toContain('https://hooks.example.org/bevy, or receiver.path to /bevvy')
    expect(advice.noSecret()).toContain('"Webhooks Secret Key" in Bevy\'s webhook settings to X-Key')
  })

  it('prints no secret, no address of a person and nothing long of a path', () => {
    expect(printable('/hooks/s3 cret/s3%20cret/x', ['s3 cret', ''])).toBe('/hooks/***/***/x')
    expect(printable('/u/ann@example.org/ann%40example.org/x', [])).toBe('/u/***/***/x')
    expect(printable(`/${'a'.repeat(500)}`, [])).toHaveLength(121)
  })
})
