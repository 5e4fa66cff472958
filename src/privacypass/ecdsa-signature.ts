/**
 * The DER of an ECDSA signature in IEEE P1363, two numbers of the same length. Node checks DER with the key
 * alone; told of the other form by an option, a check costs a third more. RFC 3279 §2.2.3
 */
export function ecdsaDer(signature: Buffer): Buffer {
  const half = signature.length / 2
  const r = derInteger(signature.subarray(0, half))
  const s = derInteger(signature.subarray(half))
  const numbers = r.length + s.length
  // INVARIANT: two numbers of 32 octets are below the 128 from which DER writes lengths in another way.
  return Buffer.concat([Buffer.from([SEQUENCE, numbers]), r, s])
}

/** Without zeros in front, but one where the first bit would make it negative. */
function derInteger(octets: Buffer): Buffer {
  const first = octets.findIndex((octet) => octet !== 0)
  const digits = octets.subarray(first === -1 ? octets.length - 1 : first)
  const sign = (digits[0] ?? 0) >= 0x80 ? [0] : []
  return Buffer.concat([Buffer.from([INTEGER, digits.length + sign.length, ...sign]), digits])
}

const SEQUENCE = 0x30
const INTEGER = 0x02
