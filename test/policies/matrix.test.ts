import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exposureMatrix } from '../../src/policy/exposure-diff.ts'
import { matrixTable } from '../../src/policy/exposure-text.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import { regenerate } from '../support/generated-docs.ts'

test('docs/policies.md shows what each profile shows', async () => {
  const sections = ['consumer', 'enterprise', 'trust-and-safety'].map((profile) => {
    const text = readFileSync(`policies/profiles/${profile}/policies.cedar`, 'utf8')
    return `### ${profile}\n\n${matrixTable(exposureMatrix(loadPolicies(text)))}`
  })
  const document = await regenerate('docs/policies.md', 'matrices', `${sections.join('\n\n')}\n`)
  await expect(document.text).toMatchFileSnapshot(document.file)
})
