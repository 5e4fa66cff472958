import { schemaToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { expect, test } from 'vitest'
import { routingSchema } from '../../../src/policy/routing/schema.ts'

test('policies/routing/routing.cedarschema is what the vocabulary says', async () => {
  await expect(routingSchema()).toMatchFileSnapshot('../../../policies/routing/routing.cedarschema')
})

test('Cedar takes the schema of routing without a warning', () => {
  expect(schemaToJson(routingSchema())).toMatchObject({ type: 'success', warnings: [] })
})
