import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { negotiationVectors } from '../../support/negotiation-vectors.ts'
import { regenerate } from '../../support/generated-docs.ts'
import { builtIn } from '../../support/requirements.ts'

test('docs/negotiation.md has the test vectors of our implementation', async () => {
  const { file, text } = await regenerate('docs/negotiation.md', 'vectors', negotiationVectors())
  await expect(text).toMatchFileSnapshot(file)
})

test('docs/metadata-suites.json has the tables of the built-in suites', async () => {
  const file = 'docs/metadata-suites.json'
  const options = await resolveConfig(file)
  const text = await format(JSON.stringify(builtIn.all), { ...options, filepath: file })
  await expect(text).toMatchFileSnapshot(`../../../${file}`)
})
