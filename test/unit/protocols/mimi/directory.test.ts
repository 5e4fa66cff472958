import { describe, expect, test } from 'vitest'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import {
  buildDirectory,
  directoryBytesMax,
  parseDirectory,
} from '../../../../src/protocols/mimi/directory.ts'
import { codeOf } from '../../../support/mimi-requests.ts'

const plan = {
  baseUrl: 'https://mimi.a.example/v1',
  operations: mimiAdapter.operations,
  protocolDrafts: ['draft-ietf-mimi-protocol-06'],
  metadataRequirements: 'https://a.example/.well-known/mimi-metadata-requirements',
}

function parse(document: unknown) {
  return parseDirectory(Buffer.from(JSON.stringify(document)))
}

test('what we write is what we read', () => {
  const directory = parseDirectory(buildDirectory(plan))
  expect(Object.keys(directory.templates).toSorted()).toEqual(mimiAdapter.operations.toSorted())
  expect(directory.templates.notify).toBe('https://mimi.a.example/v1/notify/{roomId}')
  expect(directory.templates.requestConsent).toBe(
    'https://mimi.a.example/v1/requestConsent/{targetDomain}',
  )
  expect(directory.protocolDrafts).toEqual(plan.protocolDrafts)
  expect(directory.metadataRequirements).toBe(plan.metadataRequirements)
})

describe('a directory as the draft shows it', () => {
  test('may leave out operations and the members that are ours', () => {
    expect(parse({ keyMaterial: 'https://mimi.example.com/v1/keyMaterial/{targetUser}' })).toEqual({
      templates: { keyMaterial: 'https://mimi.example.com/v1/keyMaterial/{targetUser}' },
      protocolDrafts: [],
      metadataRequirements: undefined,
    })
  })

  test('names the consent variable in two ways, and one template without a slash', () => {
    const document = {
      requestConsent: 'https://mimi.example.com/v1/requestConsent/{targetUser}',
      updateConsent: 'https://mimi.example.com/v1/updateConsent/{requesterUser}',
      update: 'https://mimi.example.com/v1/update{roomId}',
    }
    expect(parse(document).templates).toEqual(document)
  })

  test('keeps unknown members out', () => {
    expect(parse({ future: 'https://a.example/{x}', __proto__: { notify: 'x' } })).toEqual({
      templates: {},
      protocolDrafts: [],
      metadataRequirements: undefined,
    })
  })
})

const invalid: readonly (readonly [string, unknown])[] = [
  ['a list', []],
  ['a template that is no text', { notify: 1 }],
  ['a template without TLS', { notify: 'http://a.example/{roomId}' }],
  ['a template without a variable', { notify: 'https://a.example/notify' }],
  ['another variable', { notify: 'https://a.example/{targetUser}' }],
  ['two variables', { notify: 'https://a.example/{roomId}/{roomId}' }],
  ['a level 2 expression', { notify: 'https://a.example/{+roomId}' }],
  ['a template with a blank', { notify: 'https://a.example/ {roomId}' }],
  ['too many drafts', { protocolDrafts: Array.from({ length: 17 }, () => 'x') }],
  ['requirements without TLS', { metadataRequirements: 'http://a.example/' }],
]

test.each(invalid)('%s is refused', (_, document) => {
  expect(codeOf(() => parse(document))).toBe('directory-invalid')
})

test('what is no JSON, or too long, is refused', () => {
  expect(codeOf(() => parseDirectory(Buffer.from('{')))).toBe('directory-invalid')
  expect(codeOf(() => parseDirectory(Buffer.alloc(directoryBytesMax + 1, 0x20)))).toBe(
    'directory-invalid',
  )
})
