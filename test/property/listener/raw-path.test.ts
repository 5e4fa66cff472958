import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeSegment } from '../../../src/delivery/path-template.ts'
import { pathTarget } from '../../../src/listener/raw-path.ts'
import { GatewayError } from '../../../src/model/errors.ts'

test('any request line gives a target or malformed-request, never another error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (rest) => {
      const code = refusalOf(() => pathTarget(`/notify/${rest}`, '/notify'))
      expect([undefined, 'malformed-request']).toContain(code)
    }),
  )
})

test('what we encode into a path is what the other side decodes, once', () => {
  const id = fc.stringMatching(/^[^/?#\s\\]{1,40}$/u).filter((text) => text.isWellFormed())
  fc.assert(
    fc.property(id, (text) => {
      // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
      fc.pre(!/[\u0000-\u0020\u007f-\u009f]|^(\.|%2e){1,2}$/i.test(text))
      const uri = `mimi://a.example/r/${text}`
      expect(pathTarget(`/notify/${encodeSegment(uri)}`, '/notify')).toBe(uri)
    }),
  )
})

test('a target never has a dot segment or a control character', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '%00',
    '%0a',
    '%25',
    'a',
    'r',
    ':',
    '%3A',
  )
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
      let target = ''
      try {
        target = pathTarget(`/notify/${pieces.join('')}`, '/notify')
      } catch {
        return
      }
      expect(target.split(/[/\\]/)).not.toContain('..')
      // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
      expect(target).not.toMatch(/[\u0000-\u001f\\]/)
    }),
  )
})

function refusalOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error instanceof GatewayError ? error.code : error
  }
}
