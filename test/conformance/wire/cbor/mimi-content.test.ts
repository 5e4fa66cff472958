import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  decodeMimiContent,
  encodeMimiContent,
  messageId,
  readFrankedFields,
} from '../../../../src/wire/cbor/mimi-content.ts'
import { vectorPath } from '../../../support/vectors.ts'

interface Vectors {
  readonly documents: readonly { readonly name: string; readonly cbor: string }[]
  readonly message_ids: readonly {
    readonly name: string
    readonly sender: string
    readonly room: string
    readonly id: string
  }[]
}

const path = vectorPath('mimi/mimi-content-09-vectors.json')
const examples = vectorPath('mimi/mimi-content-examples')

describe.skipIf(path === undefined || examples === undefined)(
  'the examples of draft-ietf-mimi-content-09',
  () => {
    // This runs where the vectors are absent too: only the tests are skipped then.
    const none: Vectors = { documents: [], message_ids: [] }
    const vectors = path === undefined ? none : (JSON.parse(readFileSync(path, 'utf8')) as Vectors)
    const documents = new Map(vectors.documents.map(({ name, cbor }) => [name, cbor]))

    test('there are 14 documents and 13 message ids', () => {
      expect([vectors.documents.length, vectors.message_ids.length]).toEqual([14, 13])
    })

    test.each(vectors.documents)('$name decodes and encodes to the same bytes', ({ cbor }) => {
      const bytes = Buffer.from(cbor, 'hex')
      const content = decodeMimiContent(bytes)
      expect(encodeMimiContent(content).toString('hex')).toBe(cbor)
      expect(readFrankedFields(bytes)).toEqual({
        salt: content.salt,
        senderUri: content.senderUri,
        roomUri: content.roomUri,
      })
    })

    test.each(vectors.message_ids)('$name has its message id', ({ name, sender, room, id }) => {
      const content = Buffer.from(documents.get(name) ?? '', 'hex')
      const { salt } = decodeMimiContent(content)
      const input = { senderUri: sender, roomUri: room, content, salt }
      expect(messageId(input).toString('hex')).toBe(id)
    })

    // implied-original lists what surrounds a received message: it is no content.
    const files = (examples === undefined ? [] : readdirSync(examples)).filter(
      (name) => name.endsWith('.cbor') && name !== 'implied-original.cbor',
    )
    test.each(files)('%s decodes', (name) => {
      const bytes = readFileSync(`${examples}/${name}`)
      expect(encodeMimiContent(decodeMimiContent(bytes)).equals(bytes)).toBe(true)
    })
  },
)
