import { spendOf } from '../../support/spent-tokens.ts'

// What senders and workers say to each other, over Unix sockets: submissions and answers of fixed length.

/** The number of a submission (4 octets), a spend key (32), the hash of a request (8). */
export const SUBMISSION_BYTES = 44
/** The number of a submission (4 octets) and what became of it. */
export const ANSWER_BYTES = 5
export const outcomes = [
  'none',
  'spent',
  'again',
  'replayed',
  'epoch-closed',
  'unavailable',
] as const

/** The epoch and the token key id of all submissions. */
export const { epoch, keyId } = spendOf('')

/** Cuts a stream of records of one length, wherever its chunks end. */
export function cutInto(length: number, take: (record: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (; at + length <= bytes.length; at += length) take(bytes.subarray(at, at + length))
    rest = bytes.subarray(at)
  }
}

/** Gathers what one turn of the event loop writes. */
export function gatherer(write: (bytes: Buffer) => void): (record: Buffer) => void {
  let records: Buffer[] = []
  return (record) => {
    if (records.length === 0)
      setImmediate(() => {
        write(Buffer.concat(records))
        records = []
      })
    records.push(record)
  }
}
