import { expect, test } from 'vitest'
import { readEvidence } from '../../../src/reports/evidence.ts'
import type { ContentPart, ExternalPart } from '../../../src/wire/cbor/content-part.ts'
import { picture, sealAttachment } from '../../support/attachments.ts'
import { textContent } from '../../support/franking.ts'
import { abusive, reportExchange } from '../../support/reports.ts'

function text(content: string, contentType = 'text/plain'): ContentPart {
  return {
    cardinality: 'single',
    disposition: 1,
    language: '',
    contentType,
    content: Buffer.from(content),
  }
}

function textsOf(applicationData: Buffer): readonly string[] | undefined {
  const { bytes } = reportExchange({ messages: [abusive(applicationData)] })
  return readEvidence(bytes).messages[0]?.texts
}

test('the texts of all parts are shown, in their order', () => {
  const body: ContentPart = {
    cardinality: 'multi',
    disposition: 1,
    language: '',
    partSemantics: 'processAll',
    parts: [
      text('one'),
      { cardinality: 'null', disposition: 1, language: '' },
      text('no text', 'image/png'),
      text('two'),
    ],
  }
  expect(textsOf(textContent('', { body }))).toEqual(['one', 'two'])
})

test('content that cannot be read has no texts, and its octets are there', () => {
  const applicationData = Buffer.from('no content at all')
  const { bytes } = reportExchange({
    messages: [{ ...abusive(textContent('x')), messageContent: applicationData }],
  })
  expect(readEvidence(bytes).messages[0]).toMatchObject({
    messageId: '',
    texts: [],
    applicationData: applicationData.toString('base64'),
  })
})

test('content in another encoding is verified, but only its octets are shown', () => {
  const content = textContent('abusive text (placeholder)')
  const at = content.indexOf(Buffer.from('581a', 'hex'))
  const longer = Buffer.concat([
    content.subarray(0, at),
    Buffer.from('5900', 'hex'),
    content.subarray(at + 1),
  ])
  expect(textsOf(longer)).toEqual([])
})

test('attachments are listed by what their message says of them, neither with their key nor where they lie', () => {
  const { part } = sealAttachment(picture, 'https://assets.example/1')
  const attachment = (change: Partial<ExternalPart>): ContentPart => ({ ...part, ...change })
  const body: ContentPart = {
    cardinality: 'multi',
    disposition: 1,
    language: '',
    partSemantics: 'processAll',
    parts: [
      attachment({}),
      text('between'),
      attachment({ contentHash: Buffer.alloc(0), filename: '\u001b[2J', size: 0 }),
      attachment({ hashAlg: 6, contentHash: part.contentHash.subarray(0, 4) }),
      attachment({ hashAlg: 99 }),
    ],
  }
  const { bytes } = reportExchange({ messages: [abusive(textContent('', { body }))] })
  const listed = { mediaType: 'image/png', bytes: picture.length, name: 'holiday.png' }
  const proof = 'not verifiable'
  expect(readEvidence(bytes).messages[0]).toMatchObject({ number: 1, texts: ['between'] })
  expect(readEvidence(bytes).messages[0]?.attachments).toEqual([
    { ...listed, number: 1, proof: 'verifiable' },
    { ...listed, number: 2, proof, name: '\u001b[2J', bytes: 0 },
    { ...listed, number: 3, proof },
    { ...listed, number: 4, proof },
  ])
})
