import { openDocument, type SignedDocument } from '../metadata/requirements/signed-document.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import {
  openReceipt,
  receiptBytesMax,
  type OpenedReceipt,
  type SignedReceipt,
} from '../receipts/receipt.ts'
import { createSuitePlans } from '../receipts/suite-plan.ts'
import { verifyReceipt, type ReceiptVerdict } from '../receipts/verify.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'
import { readBounded } from './read-bounded.ts'
import { receiptText, suiteName } from './receipt-text.ts'
import { everybodysSuites } from './requirements-input.ts'

export const receiptsVerifyCommand: Command = {
  name: 'receipts verify',
  summary: 'check a receipt of any provider, without a network',
  usage: `FILE --document FILE [--document FILE]... [--after FILE] [--json]

FILE holds a receipt: a JWS in compact form.

  --document FILE  requirements documents of the provider, one a line, from its first one, or one that
                   you trust as such, to the one that the receipt names
  --after FILE     the receipt before it, which it must follow

Exit code 1 when it does not hold, 2 when a file is no receipt or no document.`,
  run: async (args, { out, err }) => {
    const { values, positionals } = readOptions(args, {
      json: { type: 'boolean', default: false },
      document: { type: 'string', multiple: true, default: [] },
      after: { type: 'string' },
    })
    expectPositionals(positionals, ['FILE'])
    const [path = ''] = positionals
    const opened = await readReceipt(path)
    if (opened.kind === 'malformed') {
      const { reason, at } = opened
      if (values.json) out(`${JSON.stringify({ verdict: reason, at })}\n`)
      else err(`${reason}${at === undefined || at === '' ? '' : ` at ${at}`}\n`)
      return 2
    }
    const previous = values.after === undefined ? undefined : await receiptBefore(values.after)
    const verdict = verifyReceipt(opened.signed, {
      documents: await readDocuments(values.document),
      previous,
      suites: everybodysSuites(),
      planOf: createSuitePlans(mimiAdapter.declarations),
    })
    const isValid = verdict.kind === 'valid'
    if (values.json) {
      const { kind, ...details } = verdict
      out(`${JSON.stringify({ verdict: kind, ...details, receipt: opened.signed.receipt })}\n`)
    } else if (isValid) out(`valid\n${receiptText(opened.signed)}`)
    else err(`${verdictText(verdict)}\n`)
    return isValid ? 0 : 1
  },
}

async function readReceipt(path: string): Promise<OpenedReceipt> {
  const bytes = await readBounded(path, receiptBytesMax)
  if (bytes === undefined) return { kind: 'malformed', reason: 'too-large' }
  return openReceipt(withoutLineEnd(bytes))
}

async function receiptBefore(path: string): Promise<SignedReceipt> {
  const opened = await readReceipt(path)
  if (opened.kind === 'malformed')
    throw new UsageError(`expected --after to name a receipt: ${opened.reason}`)
  return opened.signed
}

/** The oldest first, each once. */
async function readDocuments(paths: readonly string[]): Promise<readonly SignedDocument[]> {
  const byDigest = new Map<string, SignedDocument>()
  for (const path of paths) {
    const bytes = await readBounded(path, DOCUMENTS_BYTES_MAX)
    if (bytes === undefined) throw new UsageError('expected --document to name at most 64 MiB')
    for (const line of withoutLineEnd(bytes).toString('latin1').split(/\r?\n/)) {
      const opened = openDocument(Buffer.from(line, 'latin1'))
      if (opened.kind === 'malformed')
        throw new UsageError(`expected --document to name documents, one a line: ${opened.reason}`)
      byDigest.set(opened.signed.digest, opened.signed)
    }
  }
  return [...byDigest.values()].toSorted((a, b) => a.document.seq - b.document.seq)
}

/** Editors and shells end a file with a line feed; what is signed has none. */
function withoutLineEnd(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/\r?\n$/, ''), 'latin1')
}

function verdictText(verdict: ReceiptVerdict): string {
  const details: string[] = []
  if ('reason' in verdict) details.push(verdict.reason)
  if ('suite' in verdict) details.push(suiteName(verdict.suite, everybodysSuites()))
  if ('at' in verdict) {
    const { suite, operation, part, audience } = verdict.at
    details.push(
      `${operation} ${part} to a ${audience} under ${suiteName(suite, everybodysSuites())}`,
    )
  }
  if ('field' in verdict) details.push(verdict.field)
  if ('form' in verdict) details.push(`${verdict.form}, at most ${verdict.most}`)
  return [verdict.kind, ...details].join(': ')
}

/** As many documents as a provider keeps. */
const DOCUMENTS_BYTES_MAX = 67_108_864
