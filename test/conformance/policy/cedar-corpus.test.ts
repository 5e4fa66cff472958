import { expect, test } from 'vitest'
import { runCorpusTest } from '../../support/cedar-corpus.ts'
import { readTarGz } from '../../support/tar.ts'
import { vectorPath } from '../../support/vectors.ts'

const corpus = vectorPath('cedar/corpus-half.tar.gz')
const handwritten = vectorPath('cedar/handwritten.tar.gz')

// Where the vectors are absent `vectorPath` says so.
test.runIf(corpus !== undefined)(
  'every request of the official corpus has the decision, reasons and errors that Cedar says',
  () => {
    const files = readTarGz(corpus ?? '')
    const answers = answersOf(files, (path) => path.replace('corpus-tests/', ''))
    console.info(`official corpus: ${answers.length} requests`)
    expect(answers.length).toBeGreaterThan(30_000)
    expect(answers.filter(differs)).toEqual([])
  },
  120_000,
)

test.runIf(handwritten !== undefined)('so has every handwritten test', () => {
  const answers = answersOf(readTarGz(handwritten ?? ''), (path) => path)
  expect(answers.length).toBeGreaterThan(50)
  expect(answers.filter(differs)).toEqual([])
})

function answersOf(files: ReadonlyMap<string, string>, pathOf: (path: string) => string) {
  return [...files.keys()]
    .filter((name) => name.endsWith('.json') && !name.endsWith('entities.json'))
    .flatMap((name) => runCorpusTest(files, name, pathOf))
}

function differs({ expected, indexed }: ReturnType<typeof runCorpusTest>[number]): boolean {
  return JSON.stringify(expected) !== JSON.stringify(indexed)
}
