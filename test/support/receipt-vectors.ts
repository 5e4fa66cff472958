import { canonicalJson } from '../../src/metadata/requirements/strict-json.ts'
import { planOf, signedReceipt } from './receipts.ts'
import { builtIn, signed } from './requirements.ts'

/** The test vectors of docs/receipts.md, made by our implementation. */
export function receiptVectors(): string {
  const made = signedReceipt()
  const digests = builtIn.all.map((suite) => {
    const { suiteDigest, digest } = planOf(suite)
    return `| \`${suite.name}\` | \`${suiteDigest}\` | \`${digest}\` |`
  })
  return [
    `| suite | \`suiteDigest\` | \`planDigest\` |\n|---|---|---|\n${digests.join('\n')}`,
    'A document:',
    fenced(signed().jws),
    'A receipt that holds with it:',
    fenced(canonicalJson(made.receipt)),
    `Digest \`${made.digest}\`. As JWS:`,
    fenced(made.jws),
  ].join('\n\n')
}

function fenced(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``
}
