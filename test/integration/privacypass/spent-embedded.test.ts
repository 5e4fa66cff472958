import { randomBytes } from 'node:crypto'
import { openEmbeddedSpentTokens } from '../../../src/privacypass/spent-embedded.ts'
import { durableSpentTokensSuite, spentTokensSuite } from '../../support/spent-tokens-suite.ts'
import { tempDir } from '../../support/temp-dir.ts'

function place() {
  const directory = tempDir()
  return {
    open: (clock: () => number) =>
      openEmbeddedSpentTokens({ directory, clock, randomness: randomBytes }),
  }
}

spentTokensSuite(place)
durableSpentTokensSuite(place)
