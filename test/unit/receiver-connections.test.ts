import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createConnections } from '../../src/receiver/connections.ts'

describe('connections over the limit', () => {
  const busy = new Set<Socket>()
  const gone: string[] = []
  const setUp = (limit: number) => {
    busy.clear()
    gone.length = 0
    const connections = createConnections({ limit, busy: (socket) => busy.has(socket), dropped: () => {} })
    const open = (name: string, peer = name): Socket => {
      const socket = Object.assign(new EventEmitter(), {
        remoteAddress: peer,
        remotePort: 1,
        destroy: () => gone.push(name),
      })
      connections.add(socket as unknown as Socket)
      return socket as unknown as Socket
    }
    return { connections, open }
  }

  it('cost the oldest idle one its place, one that never brought a delivery first', () => {
    const { connections, open } = setUp(3)
    connections.prove(open('proven'))
    busy.add(open('busy'))
    open('idle')
    open('next')
    expect(gone).toEqual(['idle'])
    busy.add(open('last'))
    expect(gone).toEqual(['idle', 'next'])
    open('newest')
    expect(gone).toEqual(['idle', 'next', 'proven'])
  })

  it('are closed themselves when all others are busy', () => {
    const { open } = setUp(2)
    busy.add(open('a')).add(open('b'))
    open('c')
    expect(gone).toEqual(['c'])
  })

  it('count once with their TLS, and no more once closed', () => {
    const { open } = setUp(2)
    open('raw', 'peer')
    open('tls', 'peer').emit('close')
    open('a')
    open('b')
    expect(gone).toEqual([])
    open('c')
    expect(gone).toEqual(['a'])
  })
})
