import type { ReceiptName } from '../admin/receipts-api.ts'
import { openReceipt } from '../receipts/receipt.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { ControlError } from './control-error.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { receiptText } from './receipt-text.ts'

export const receiptsShowCommand: Command = {
  name: 'receipts show',
  summary: 'show a receipt of a running server',
  usage: `PEER/NUMBER [--json | --jws] [--config FILE | --socket PATH]

The name that \`receipts list\` shows: b.example/7 is the seventh one for b.example.

  --json  the receipt
  --jws   the signed receipt, as \`receipts verify\` takes it`,
  run: async (args, environment) => {
    const { out, err } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      jws: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, ['PEER/NUMBER'])
    if (values.json && values.jws) throw new UsageError('expected one of --json and --jws')
    const name = nameOf(positionals[0] ?? '')
    await using client = await connectControl(values, environment)
    const found = await client.receipts.find(name)
    if (found === undefined) {
      err('no such receipt\n')
      return 1
    }
    const opened = openReceipt(Buffer.from(found.jws))
    if (opened.kind === 'malformed') throw new ControlError('unexpected-answer')
    if (values.jws) out(`${found.jws}\n`)
    else if (values.json) out(`${JSON.stringify(opened.signed.receipt, undefined, 2)}\n`)
    else out(receiptText(opened.signed))
    return 0
  },
}

function nameOf(text: string): ReceiptName {
  const [, peer, seq] = /^([a-z0-9.-]{1,253})\/([1-9]\d{0,14})$/.exec(text) ?? []
  if (peer === undefined) throw new UsageError('expected a receipt like b.example/7')
  return { peer, seq: Number(seq) }
}
