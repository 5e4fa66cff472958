import { randomBytes } from 'node:crypto'
import { postgresSpentTokens } from '../../../src/privacypass/spent-postgres.ts'
import { POSTGRES_URL, testSchema } from '../../support/postgres.ts'
import { durableSpentTokensSuite, spentTokensSuite } from '../../support/spent-tokens-suite.ts'

function place() {
  const schema = testSchema()
  return {
    open: (clock: () => number) =>
      Promise.resolve(
        postgresSpentTokens({ url: POSTGRES_URL, schema, clock, randomness: randomBytes }),
      ),
  }
}

spentTokensSuite(place)
durableSpentTokensSuite(place)
