import { openAt } from '../../support/spent-store.ts'
import { spendOf } from '../../support/spent-tokens.ts'

// Spends tokens in the directory of its argument until that fails, and says how many and why.

const [, , directory = ''] = process.argv
await using store = await openAt(directory)
let spent = 0
const spendNext = (): Promise<string> =>
  store.spend(spendOf(`${spent}`)).then(
    ({ kind }) => kind,
    (error: Error & { code?: string; cause?: { code?: string } }) =>
      `${error.code} ${error.cause?.code}`,
  )
let outcome = await spendNext()
for (; outcome === 'spent' && spent < 10_000; outcome = await spendNext()) spent += 1
process.stdout.write(JSON.stringify({ spent, outcome }))
