import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jsonLinesFile } from '../../../src/decision-log/json-lines.ts'
import type { DecisionRecord } from '../../../src/decision-log/record.ts'
import { admissionOf, decisionLogTo, memorySink, submission } from '../../support/decisions.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function records(count: number): Promise<readonly DecisionRecord[]> {
  const sink = memorySink()
  const { decisionLog } = decisionLogTo([sink])
  for (let index = 0; index < count; index += 1)
    decisionLog.admission(submission(), admissionOf(submission()), 'room-pseudonym')
  await decisionLog[Symbol.asyncDispose]()
  return sink.records
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n')

test('each record is a line of a file that nobody else may read', async () => {
  const path = join(tempDir(), 'decisions.jsonl')
  const written = await records(3)
  await jsonLinesFile(path).write(written)
  const lines = linesOf(path)
  expect(lines.slice(0, 3).map((line): unknown => JSON.parse(line))).toEqual(written)
  expect(lines.slice(3)).toEqual([''])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a file that was moved away is begun anew', async () => {
  const path = join(tempDir(), 'decisions.jsonl')
  const file = jsonLinesFile(path)
  const [first, second] = await records(2)
  if (first === undefined || second === undefined) throw new Error('no records')
  await file.write([first])
  renameSync(path, `${path}.1`)
  await file.write([second])
  expect(JSON.parse(linesOf(`${path}.1`)[0] ?? '')).toEqual(first)
  expect(JSON.parse(linesOf(path)[0] ?? '')).toEqual(second)
})

test('after a failure the next line stands by itself', async () => {
  const directory = join(tempDir(), 'not-yet')
  const path = join(directory, 'decisions.jsonl')
  const file = jsonLinesFile(path)
  const written = await records(1)
  await expect(file.write(written)).rejects.toThrow('ENOENT')
  mkdirSync(directory)
  await file.write(written)
  await file.write(written)
  const lines = linesOf(path)
  expect([lines[0], lines.length]).toEqual(['', 4])
  expect(JSON.parse(lines[1] ?? '')).toEqual(written[0])
})
