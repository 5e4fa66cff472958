import { openAt } from '../../support/spent-store.ts'
import { spendOf } from '../../support/spent-tokens.ts'

// Opens the store in the directory of its argument twice, and ends when nothing is left to do.

const [, , directory = ''] = process.argv
const kinds: string[] = []
for (let life = 0; life < 2; life += 1) {
  await using store = await openAt(directory)
  kinds.push((await store.spend(spendOf('a'))).kind)
}
process.stdout.write(kinds.join(' '))
