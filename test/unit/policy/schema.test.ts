import { schemaToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { expect, test } from 'vitest'
import { fieldList } from '../../../src/metadata/fields.ts'
import { operations } from '../../../src/model/exchange.ts'
import { gatewaySchema } from '../../../src/policy/schema.ts'

function actionNames(): readonly string[] {
  const parsed = schemaToJson(gatewaySchema())
  return parsed.type === 'success' ? Object.keys(parsed.json['']?.actions ?? {}) : []
}

test('policies/gateway.cedarschema is what the field registry says', async () => {
  await expect(gatewaySchema()).toMatchFileSnapshot('../../../policies/gateway.cedarschema')
})

test('Cedar takes the schema without a warning', () => {
  const parsed = schemaToJson(gatewaySchema())
  expect(parsed).toMatchObject({ type: 'success', warnings: [] })
})

test('there is an action for each shown form of each field and for each operation', () => {
  const names = new Set(actionNames())
  const wanted = fieldList.flatMap((field) =>
    field.forms.filter((form) => form !== 'absent').map((form) => `${field.name}:${form}`),
  )
  for (const name of wanted) expect(names).toContain(name)
  for (const operation of operations) expect(names).toContain(`admit:${operation}`)
  expect([...names].filter((name) => name.endsWith(':absent'))).toEqual([])
})
