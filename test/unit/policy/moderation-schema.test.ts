import { schemaToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { expect, test } from 'vitest'
import { moderationSchema } from '../../../src/policy/moderation/schema.ts'

test('policies/moderation/moderation.cedarschema is what the vocabulary says', async () => {
  await expect(moderationSchema()).toMatchFileSnapshot(
    '../../../policies/moderation/moderation.cedarschema',
  )
})

test('Cedar takes the schema of moderation without a warning', () => {
  expect(schemaToJson(moderationSchema())).toMatchObject({ type: 'success', warnings: [] })
})
