/**
 * A copy of `bytes` over memory of its own. Small Buffers share a pool with whatever else the process
 * handles; what is kept, or handed to code that reads `bytes.buffer`, must not.
 */
export function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return own
}
