/** A webhook receiver, a process of its own: counts whole requests by scanning, answers 200, looks at nothing else. */

import net from 'node:net'

const TAKEN = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const REFUSED = Buffer.from('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')
const END_OF_HEAD = Buffer.from('\r\n\r\n')

/** Asked for with `until`: told when so many requests in all have come. With `refuse`, all are refused from then on, or taken again. */
export type SinkOrder = { readonly until: number } | { readonly refuse: boolean }

/** What it tells: where it listens, and when the requests asked for have come. */
export type SinkNote = { readonly port: number } | { readonly reached: number; readonly cpu: number }

let taken = 0
let wanted = Infinity
let refusing = false

const server = net.createServer({ noDelay: true }, (socket) => {
  let held: Buffer | undefined
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    let bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
    for (;;) {
      const head = bytes.indexOf(END_OF_HEAD)
      if (head === -1) break
      const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1] ?? '0'
      const end = head + END_OF_HEAD.length + Number(length)
      if (bytes.length < end) break
      bytes = bytes.subarray(end)
      socket.write(refusing ? REFUSED : TAKEN)
      if (!refusing) taken += 1
      if (taken >= wanted) tell()
    }
    held = bytes.length === 0 ? undefined : bytes
  })
})

function tell(): void {
  const { user, system } = process.cpuUsage()
  process.send?.({ reached: taken, cpu: (user + system) / 1000 } satisfies SinkNote)
  wanted = Infinity
}

process.on('message', (order: SinkOrder) => {
  if ('refuse' in order) {
    refusing = order.refuse
    return
  }
  wanted = order.until
  if (taken >= wanted) tell()
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as net.AddressInfo).port } satisfies SinkNote)
})
