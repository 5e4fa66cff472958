import { memorySpentTokens } from '../../support/spent-tokens-memory.ts'
import { spentTokensSuite } from '../../support/spent-tokens-suite.ts'

spentTokensSuite(() => ({ open: (clock) => Promise.resolve(memorySpentTokens(clock)) }))
