import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkMlsEvidence, type MlsEvidence } from '../../../src/franking/mls-evidence.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { framedContentCodec } from '../../../src/wire/mls/framing.ts'
import { groupContextCodec } from '../../../src/wire/mls/group-info.ts'
import { vectorJson } from '../../support/vectors.ts'

const file = z
  .object({
    leaf_signature_public_key: z.string(),
    group_context: z.string(),
    framed_content: z.string(),
    signature: z.string(),
    cases: z.array(z.object({ name: z.string(), expected: z.boolean() })),
  })
  .optional()
const vectors = file.parse(vectorJson('reports/mimi/mls-evidence-vectors.json'))

const honest: MlsEvidence = {
  wireFormat: 2,
  framedContent: Buffer.from(vectors?.framed_content ?? '', 'hex'),
  groupContext: Buffer.from(vectors?.group_context ?? '', 'hex'),
  signature: Buffer.from(vectors?.signature ?? '', 'hex'),
}
const leafKey = Buffer.from(vectors?.leaf_signature_public_key ?? '', 'hex')

function withEditedContent(): MlsEvidence {
  const framedContent = Buffer.from(honest.framedContent)
  const at = framedContent.length - 2
  framedContent[at] = (framedContent[at] ?? 0) ^ 1
  return { ...honest, framedContent }
}

function fromLeaf(leafIndex: number): MlsEvidence {
  const framed = decode(framedContentCodec, honest.framedContent)
  const sender = { kind: 'member' as const, leafIndex }
  return { ...honest, framedContent: encode(framedContentCodec, { ...framed, sender }) }
}

function inEpoch(epoch: bigint): MlsEvidence {
  const context = decode(groupContextCodec, honest.groupContext)
  return { ...honest, groupContext: encode(groupContextCodec, { ...context, epoch }) }
}

function withTrailingByte(): MlsEvidence {
  return { ...honest, groupContext: Buffer.concat([honest.groupContext, Buffer.of(0)]) }
}

const evidence: Readonly<Record<string, () => MlsEvidence>> = {
  E01: () => honest,
  E02: withEditedContent,
  E03: () => fromLeaf(4),
  E04: () => inEpoch(43n),
  E05: () => ({ ...honest, wireFormat: 1 }),
}

// Where the vectors are absent `vectorJson` says so.
describe.skipIf(vectors === undefined)('the vectors of MLS evidence', () => {
  test.each(vectors?.cases ?? [])('$name', ({ name, expected }) => {
    const build = evidence[name.slice(0, 3)]
    expect(build && checkMlsEvidence(build(), () => leafKey).kind === 'valid').toBe(expected)
  })

  test('valid evidence gives back what was said, with its franking tag', () => {
    expect(checkMlsEvidence(honest, () => leafKey)).toMatchObject({
      kind: 'valid',
      epoch: 42n,
      groupId: Buffer.from('room-1'),
      frankingTag: Buffer.from(
        '30e5918ad90f060be22cef7ad0d9bdf616b640186905c7ace9c54d2a0044369f',
        'hex',
      ),
    })
  })

  test.each([
    ['malformed', withTrailingByte],
    ['malformed', () => ({ ...honest, framedContent: honest.framedContent.subarray(0, 40) })],
    ['other-epoch', () => inEpoch(43n)],
    ['signature-invalid', withEditedContent],
    ['wrong-wire-format', () => ({ ...honest, wireFormat: 1 })],
  ])('evidence that is %s says so', (reason, damage) => {
    expect(checkMlsEvidence(damage(), () => leafKey)).toEqual({ kind: 'invalid', reason })
  })

  test('a leaf that is not in the tree is no member', () => {
    expect(checkMlsEvidence(honest, () => undefined)).toEqual({
      kind: 'invalid',
      reason: 'not-a-member',
    })
  })
})
