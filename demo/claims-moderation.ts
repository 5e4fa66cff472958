import { claim, type Claim } from './claim.ts'
import { domainOf, noticeOf } from './crossed.ts'
import { pseudonymsIn, type Eye } from './eye.ts'
import type { KeptFile } from './kept-files.ts'
import type { Crossing } from './recording.ts'

/** What gateways tell each other of abuse. */
export function claimsOnReports(crossings: readonly Crossing[], eye: Eye): readonly Claim[] {
  const notices = crossings.flatMap((crossing) => {
    const message = noticeOf(crossing)
    return message === undefined ? [] : [[crossing, JSON.stringify(message)] as const]
  })
  return [
    claim(
      'notices-name-no-reporter',
      'A notice of abuse names the pseudonym it is about, and no reporter, provider of one, or room.',
      notices.map(([crossing, text]) => [crossing, namesSubjectOnly(crossing, text, eye)]),
    ),
  ]
}

/** What gateways keep, though reports were opened and decided. */
export function claimsOnFiles(
  kept: readonly KeptFile[],
  words: readonly string[],
): readonly Claim[] {
  return [
    claim(
      'no-reported-word-on-any-disk',
      'No file of a gateway, be it a database or a log, holds a word of what was reported.',
      kept.map((file) => [file, !words.some((text) => file.bytes.includes(text))]),
    ),
  ]
}

function namesSubjectOnly({ from, to }: Crossing, text: string, eye: Eye): boolean {
  const bytes = Buffer.from(text)
  return (
    eye.realIn(bytes).length === 0 &&
    pseudonymsIn(bytes).every((pseudonym) => domainOf(pseudonym) === to) &&
    eye.providersIn(bytes).every((domain) => domain === from || domain === to) &&
    !text.includes('/r/')
  )
}
