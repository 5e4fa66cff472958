import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { openEmbeddedSpentTokens } from '../../../src/privacypass/spent-embedded.ts'
import { DAY_MS } from '../../support/spent-tokens.ts'
import {
  ANSWER_BYTES,
  cutInto,
  epoch,
  gatherer,
  keyId,
  outcomes,
  SUBMISSION_BYTES,
} from './spent-wire.ts'

// A worker that owns one shard and spends what comes in through its socket.

const [, , directory = '', index = '', count = '', socketPath = ''] = process.argv
const store = await openEmbeddedSpentTokens({
  directory,
  clock: () => DAY_MS,
  randomness: randomBytes,
  shard: { index: Number(index), count: Number(count) },
})

const server = createServer((socket) => {
  const answer = gatherer((bytes) => void socket.write(bytes))
  const settle = (id: number, kind: (typeof outcomes)[number]): void => {
    const bytes = Buffer.alloc(ANSWER_BYTES)
    bytes.writeUInt32LE(id)
    bytes[4] = outcomes.indexOf(kind)
    answer(bytes)
  }
  const take = (record: Buffer): void => {
    const id = record.readUInt32LE()
    const spendKey = record.subarray(4, 36)
    store.spend({ epoch, keyId, spendKey, requestHash: record.subarray(36) }).then(
      ({ kind }) => settle(id, kind),
      () => settle(id, 'unavailable'),
    )
  }
  socket.on('data', cutInto(SUBMISSION_BYTES, take))
  socket.on('error', () => socket.destroy())
})
// Left by the one before, which was killed.
rmSync(socketPath, { force: true })
server.listen(socketPath, () => process.send?.('listening'))

process.on('SIGTERM', () => {
  server.close()
  void store[Symbol.asyncDispose]().then(() => process.exit())
})
