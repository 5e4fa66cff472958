import type { Frank } from '../model/exchange.ts'
import type { Frank as FrankStruct } from '../wire/mimi/franking.ts'

/** The frank under the names of the draft's struct. draft-ietf-mimi-protocol-06 §5.4 */
export function frankStruct({ serverFrank, ciphersuite, signature }: Frank): FrankStruct {
  return {
    serverFrank,
    frankingSignatureCiphersuite: ciphersuite,
    frankingIntegritySignature: signature,
  }
}

/** The frank under the names of the model. */
export function frankOf(struct: FrankStruct): Frank {
  return {
    serverFrank: struct.serverFrank,
    ciphersuite: struct.frankingSignatureCiphersuite,
    signature: struct.frankingIntegritySignature,
  }
}
