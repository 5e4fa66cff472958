import { structs } from '../../../../src/wire/mimi/registry.ts'
import { structValues } from '../../../support/arbitraries/structs.ts'
import { describeStructs } from '../../struct-laws.ts'

describeStructs(structs, structValues)
