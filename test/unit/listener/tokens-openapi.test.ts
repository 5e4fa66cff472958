import { readFileSync } from 'node:fs'
import { format } from 'prettier'
import { expect, test } from 'vitest'
import { tokenRoutes } from '../../../src/listener/token-routes.ts'
import { tokensOpenApi } from '../../../src/listener/tokens-openapi.ts'
import { prettierOptions } from '../../support/prettier-options.ts'

const NOTHING = Buffer.alloc(0)
const routes = tokenRoutes({
  issuer: {
    requestBytesMax: 1,
    directory: () => ({ bytes: NOTHING, maxAgeSeconds: 1 }),
    issue: () => Promise.resolve({ contentType: '', bytes: NOTHING }),
  },
  pseudonyms: {
    offers: () => Promise.resolve([]),
    admitCertificate: () => Promise.resolve({ pseudonym: '', expiresAtMs: 0, remaining: 0 }),
  },
  credentials: { offers: () => Promise.resolve([]), issue: () => Promise.resolve(NOTHING) },
})

test('docs/tokens-api.openapi.json is the document that is served (update with: vitest -u)', async () => {
  const document = tokensOpenApi(routes)
  const text = await format(JSON.stringify(document), { ...prettierOptions, parser: 'json' })
  await expect(text).toMatchFileSnapshot('../../../docs/tokens-api.openapi.json')
})

test('docs/issuer.md names every path of the tokens listener', () => {
  const page = readFileSync('docs/issuer.md', 'utf8')
  expect(routes.filter(({ path }) => !page.includes(path))).toEqual([])
})
