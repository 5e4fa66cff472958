import { CONTEXT_STRING } from './hash-to-p256.ts'
import { elementsOf, encodeElement, sumOf, type Element } from './p256-group.ts'
import { P256_ORDER, SCALAR_BYTES } from './p256-scalar.ts'
import type { SigmaContext, SigmaGroup } from './sigma-proof.ts'

const p256SigmaGroup: SigmaGroup<Element> = {
  protocol: 'sigma-proofs_Shake128_P256',
  order: P256_ORDER,
  scalarBytes: SCALAR_BYTES,
  encode: encodeElement,
  encodeSums: (sums) => {
    const elements = elementsOf(sums.map((products) => sumOf(products)))
    return elements && Buffer.concat(elements.map((element) => encodeElement(element)))
  },
}

/** What the three proofs of ARC are for. draft-ietf-privacypass-arc-crypto-01 §5 */
export function proofContext(
  purpose: 'CredentialRequest' | 'CredentialResponse' | 'CredentialPresentation',
): SigmaContext<Element> {
  return { group: p256SigmaGroup, session: Buffer.from(`${CONTEXT_STRING}${purpose}`) }
}
