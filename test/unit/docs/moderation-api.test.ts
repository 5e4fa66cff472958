import { format } from 'prettier'
import { expect, test } from 'vitest'
import { moderationOpenApi } from '../../../src/admin/moderation-openapi.ts'
import { prettierOptions } from '../../support/prettier-options.ts'

test('docs/moderation-api.openapi.json is made of the routes that serve it', async () => {
  const text = await format(JSON.stringify(moderationOpenApi()), {
    ...prettierOptions,
    parser: 'json',
  })
  await expect(text).toMatchFileSnapshot('../../../docs/moderation-api.openapi.json')
})
