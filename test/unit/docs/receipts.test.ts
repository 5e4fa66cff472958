import { expect, test } from 'vitest'
import { regenerate } from '../../support/generated-docs.ts'
import { receiptVectors } from '../../support/receipt-vectors.ts'

test('docs/receipts.md has the test vectors of our implementation', async () => {
  const { file, text } = await regenerate('docs/receipts.md', 'vectors', receiptVectors())
  await expect(text).toMatchFileSnapshot(file)
})
