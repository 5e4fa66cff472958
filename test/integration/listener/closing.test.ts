import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startInternalListener } from '../../support/internal-listener.ts'
import { startPeersListener } from '../../support/peers-listener.ts'

test.for([
  ['peers', startPeersListener],
  ['internal', startInternalListener],
] as const)(
  'a %s listener closes at once, also what has only just connected',
  async ([, start]) => {
    const { listener, port } = await start()
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    socket.on('error', () => {})
    await listener[Symbol.asyncDispose]()
    await closed
    expect(socket.destroyed).toBe(true)
  },
)
