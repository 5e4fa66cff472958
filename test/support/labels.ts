import { withArchive } from '../../src/metadata/archive.ts'
import type { Label, LabelRecipient } from '../../src/metadata/labels/label.ts'
import { labelRecipient, type Sight } from '../../src/metadata/labels/recipient.ts'
import { sightsOfRoom } from '../../src/metadata/labels/sights.ts'
import { computePlan, purposeOf, type Permission } from '../../src/metadata/plan.ts'
import type { Suite } from '../../src/metadata/suite.ts'
import { audiences, type Audience, type FieldName } from '../../src/model/metadata.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'
import { builtIn } from './requirements.ts'

/** What an operator permits of a field. */
export type Permitted = (field: FieldName) => Permission['form']

const everything: Permitted = () => 'exact'

/** What an audience sees in a room of a suite, by the plans of an operator who permits this much. */
export function sightsUnder(
  suite: Suite,
  audience: Audience,
  permitted: Permitted = everything,
): readonly Sight[] {
  const { requests, answers } = sightsOfRoom(audience)
  const declared = withArchive(declarations)
  const sight = (operation: (typeof requests)[number], part: Sight['part']): Sight => ({
    operation,
    part,
    admitted: true,
    promised: false,
    plan: computePlan({
      suite,
      purpose: purposeOf(operation, audience),
      declarations: declared.filter(
        (one) => one.operation === operation && one.audience === audience,
      ),
      permitted: (field) => ({ form: permitted(field), policies: ['p'], withheldBy: [] }),
    }),
  })
  return [
    ...requests.map((operation) => sight(operation, 'request')),
    ...answers.map((operation) => sight(operation, 'response')),
  ]
}

export function recipientUnder(
  suite: Suite,
  audience: Audience,
  permitted?: Permitted,
): LabelRecipient {
  return labelRecipient({
    audience,
    providers: [audience === 'hub' || audience === 'archive' ? 'a.example' : 'b.example'],
    suite,
    sights: sightsUnder(suite, audience, permitted),
    declarations,
    retention: undefined,
  })
}

/** The label of a room of a.example under a suite. */
export function labelUnder(suite: Suite, permitted?: Permitted): Label {
  const { code, name, summary } = suite
  return {
    schema: 1,
    provider: 'a.example',
    about: { kind: 'room', room: 'mimi://a.example/r/club', hub: 'a.example' },
    parts: [
      {
        place: 'our-rooms',
        suite: { code, name, summary },
        agreements: [],
        recipients: audiences.map((audience) => recipientUnder(suite, audience, permitted)),
      },
    ],
    closed: [],
  }
}

/** One of the built-in suites by its name. */
export function builtInSuite(name: string): Suite {
  const suite = builtIn.suiteByName(name)
  if (suite === undefined) throw new Error('no such suite')
  return suite
}

export const someLabel: Label = labelUnder(builtInSuite('moderated-pseudonyms'))
