import { tokenStructs } from '../../../src/privacypass/registry.ts'
import { tokenStructValues } from '../../support/arbitraries/tokens.ts'
import { describeStructs } from '../struct-laws.ts'

describeStructs(tokenStructs, tokenStructValues)
