import { uint64, type Codec } from '../wire/codec.ts'

/** `uint64` of seconds since the Unix epoch, as a number; from 2^53 on it is `invalid-value`. */
export const seconds: Codec<number> = {
  read: (reader) => {
    const value = uint64.read(reader)
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : reader.fail('invalid-value')
  },
  write: (writer, value) => uint64.write(writer, BigInt(value)),
}
