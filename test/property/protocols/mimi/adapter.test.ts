import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { RawResponse } from '../../../../src/model/adapter.ts'
import { GatewayError } from '../../../../src/model/errors.ts'
import type { Exchange } from '../../../../src/model/exchange.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { readFanout, stampFanout } from '../../../../src/protocols/mimi/fanout.ts'
import { encode } from '../../../../src/wire/codec.ts'
import { structs, type StructName } from '../../../../src/wire/mimi/registry.ts'
import { anyCodec } from '../../../support/any-codec.ts'
import { exactBytes } from '../../../support/arbitraries/base.ts'
import { structValues } from '../../../support/arbitraries/structs.ts'
import { requestOf, response } from '../../../support/mimi-requests.ts'
import { basicCredential } from '../../../support/mls-samples.ts'

/** Those with a body. */
type Operation = Exclude<Exchange['operation'], 'proxyDownload'>

const room = 'mimi://a.example/r/clubhouse'

/** The body of each operation, the struct of its answer, and a path that can fit. */
const operations: Readonly<
  Record<Operation, { request: StructName; answer?: StructName; target: string }>
> = {
  keyMaterial: {
    request: 'KeyMaterialRequest',
    answer: 'KeyMaterialResponse',
    target: 'mimi://a.example/u/alice',
  },
  update: { request: 'UpdateRequest', answer: 'UpdateRoomResponse', target: room },
  submitMessage: { request: 'SubmitMessageRequest', answer: 'SubmitMessageResponse', target: room },
  notify: { request: 'FanoutMessage', target: room },
  groupInfo: { request: 'GroupInfoRequest', answer: 'GroupInfoResponse', target: room },
  requestConsent: { request: 'ConsentEntry', target: 'a.example' },
  updateConsent: { request: 'ConsentEntry', target: 'a.example' },
  identifierQuery: {
    request: 'IdentifierRequest',
    answer: 'IdentifierResponse',
    target: 'a.example',
  },
  reportAbuse: { request: 'AbuseReport', target: room },
}

function bytesOf(name: StructName): fc.Arbitrary<Buffer> {
  const values: fc.Arbitrary<unknown> = structValues[name]
  return values.map((value) => encode(anyCodec(structs[name]), value))
}

/** Undefined where a GatewayError was thrown; any other error passes. */
function orRefused<T>(attempt: () => T): T | undefined {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

describe.each(Object.keys(operations) as Operation[])('%s', (operation) => {
  const { request, target } = operations[operation]

  test('a request is read with its bytes untouched or refused with a code', () => {
    fc.assert(
      fc.property(bytesOf(request), (bytes) => {
        const before = Buffer.from(bytes)
        const exchange = orRefused(() => mimiAdapter.parse(requestOf(operation, target, bytes)))
        return (exchange === undefined || exchange.bytes === bytes) && bytes.equals(before)
      }),
    )
  })

  test('mutants and noise are refused with a code', () => {
    const mutant = fc
      .tuple(bytesOf(request), fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([bytes, at, mask]) => {
        const index = bytes.length === 0 ? 0 : at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ mask
        return bytes
      })
    const noise = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
    const path = fc.oneof(fc.constant(target), fc.string({ maxLength: 40 }))
    fc.assert(
      fc.property(fc.oneof(mutant, noise), path, (bytes, anyTarget) => {
        orRefused(() => mimiAdapter.parse(requestOf(operation, anyTarget, bytes)))
      }),
      { numRuns: 500 },
    )
  })
})

const exchanges: Readonly<Partial<Record<Operation, Exchange>>> = Object.fromEntries(
  (['update', 'submitMessage', 'groupInfo', 'identifierQuery', 'keyMaterial'] as const).map(
    (operation) => [operation, sampleExchange(operation)],
  ),
)

/** An exchange of this operation; of the body only what answers are held against. */
function sampleExchange(operation: Operation): Exchange {
  const { target, request } = operations[operation]
  const [exchange] = fc
    .sample(bytesOf(request), { numRuns: 200, seed: 7 })
    .flatMap(
      (bytes) => orRefused(() => mimiAdapter.parse(requestOf(operation, target, bytes))) ?? [],
    )
  if (exchange !== undefined) return exchange
  const bytes = encode(structs.KeyMaterialRequest, {
    protocol: 'mls10',
    requestingUser: 'mimi://b.example/u/bob',
    targetUser: target,
    roomId: room,
    acceptableCiphersuites: [1],
    requiredCapabilities: { extensionTypes: [], proposalTypes: [], credentialTypes: [] },
    requesterSignatureKey: Buffer.alloc(0),
    requesterCredential: basicCredential('mimi://b.example/u/bob'),
    keyMaterialRequestSignature: Buffer.alloc(0),
  })
  return mimiAdapter.parse(requestOf('keyMaterial', target, bytes))
}

describe.each(Object.keys(exchanges) as Operation[])('the answer of %s', (operation) => {
  const exchange = exchanges[operation]
  const { answer = 'Frank' } = operations[operation]
  const answers: fc.Arbitrary<RawResponse> = fc
    .oneof(
      bytesOf(answer),
      fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
    )
    .map((bytes) => response(bytes))

  test('passes with its own bytes, or is refused with a code', () => {
    if (exchange === undefined) throw new Error('no exchange')
    fc.assert(
      fc.property(answers, (original) => {
        const parsed = orRefused(() => mimiAdapter.parseAnswer(exchange, original))
        if (parsed === undefined) return true
        return mimiAdapter.serialise(exchange, parsed, original).bytes.equals(original.bytes)
      }),
      { numRuns: 300 },
    )
  })
})

/** FanoutMessages with a time that a clock can show. */
const timely = fc.tuple(bytesOf('FanoutMessage'), fc.maxSafeNat()).map(([bytes, time]) => {
  bytes.writeBigUInt64BE(BigInt(time))
  return bytes
})

test('a stamp changes time and frank of a FanoutMessage and nothing else', () => {
  const frank = fc.option(
    fc.record({
      serverFrank: exactBytes(32),
      ciphersuite: fc.integer({ min: 0, max: 0xffff }),
      signature: exactBytes(64),
    }),
    { nil: undefined },
  )
  fc.assert(
    fc.property(timely, fc.maxSafeNat(), frank, (bytes, timestampMs, given) => {
      const [item] = readFanout(bytes)
      if (item === undefined) return false
      const stamp = { timestampMs, frank: item.kind === 'application' ? given : undefined }
      const [again] = readFanout(stampFanout(item, stamp))
      if (again === undefined) return false
      const back = stampFanout(again, {
        ...stamp,
        timestampMs: item.timestampMs,
        frank: item.frank,
      })
      return again.message.equals(item.message) && back.equals(bytes)
    }),
  )
})

test('reading a body of several FanoutMessages splits it where they end', () => {
  fc.assert(
    fc.property(fc.array(timely, { minLength: 1, maxLength: 4 }), (bodies) => {
      const items = readFanout(Buffer.concat(bodies))
      return (
        items.length === bodies.length &&
        items.every(({ bytes }, at) => bytes.equals(bodies[at] ?? Buffer.alloc(0)))
      )
    }),
  )
})
