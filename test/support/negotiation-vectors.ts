import { chooseForRoom, negotiate } from '../../src/metadata/negotiate.ts'
import { signDocument } from '../../src/metadata/requirements/signed-document.ts'
import { canonicalJson } from '../../src/metadata/requirements/strict-json.ts'
import { builtIn, privateTable, requirements, signingKey } from './requirements.ts'

const table = privateTable()
const said = { ...table, summary: 'In other words: é, €, 😀.' }
const other = privateTable({ timeBucketMs: 60_000 })

const documents = {
  A: requirements({ asHub: [2, 0x1a1a, 3, 5], asFollower: [0x2a2a, 2, 1] }),
  B: requirements({ provider: 'b.example', asHub: [4], asFollower: [3, 0xfa0a, 2, 5] }),
  C: requirements({
    provider: 'c.example',
    seq: 7,
    prev: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    asHub: [0xf001, 3],
    asFollower: [3],
    suites: [table],
  }),
  D: requirements({ provider: 'd.example', asHub: [], asFollower: [1, 0xf001], suites: [said] }),
  E: requirements({ provider: 'e.example', asHub: [], asFollower: [0xf001], suites: [other] }),
}
type Name = keyof typeof documents

/** The test vectors of docs/negotiation.md, made by our implementation. */
export function negotiationVectors(): string {
  const shown = Object.entries(documents).flatMap(([name, document]) => {
    const { digest, jws } = signDocument(document, signingKey(document.provider))
    return [
      `### Document ${name}`,
      fenced(canonicalJson(document)),
      `Digest \`${digest}\`. As JWS:`,
      fenced(jws),
    ]
  })
  const pairs: readonly (readonly [Name, Name])[] = [
    ['A', 'B'],
    ['B', 'A'],
    ['A', 'C'],
    ['C', 'D'],
    ['C', 'E'],
  ]
  const rooms: readonly (readonly [Name, readonly Name[]])[] = [
    ['A', []],
    ['A', ['B']],
    ['A', ['B', 'C']],
    ['A', ['B', 'C', 'D']],
    ['C', ['D']],
  ]
  return [
    ...shown,
    '### Agreements',
    '| hub | follower | outcome | id |\n|---|---|---|---|\n' + pairs.map(agreementRow).join('\n'),
    'The object under the first id:',
    fenced(agreementText('A', 'B')),
    '### Rooms',
    '| hub | participants | suite |\n|---|---|---|\n' + rooms.map(roomRow).join('\n'),
  ].join('\n\n')
}

function agreementRow([hub, follower]: readonly [Name, Name]): string {
  const outcome = negotiate(documents[hub], documents[follower], builtIn)
  const [outcomeText, id] =
    outcome.kind === 'agreed'
      ? [`suites ${JSON.stringify(outcome.agreement.suites)}`, `\`${outcome.agreement.id}\``]
      : [`no common suite; ${near(outcome.nearest)}`, '–']
  return `| ${hub} | ${follower} | ${outcomeText} | ${id} |`
}

type Nearest = Extract<ReturnType<typeof negotiate>, { kind: 'no-common-suite' }>['nearest']

function near(nearest: Nearest): string {
  if (nearest.length === 0) return 'no near miss'
  return nearest
    .map(({ suite, closest, conflicts }) => `${suite} to ${closest}: ${conflicts.length}`)
    .join(', ')
}

function agreementText(hub: Name, follower: Name): string {
  const outcome = negotiate(documents[hub], documents[follower], builtIn)
  if (outcome.kind !== 'agreed') throw new Error('no agreement')
  const { id: _id, expiresAt: _expiresAt, ...identity } = outcome.agreement
  return canonicalJson(identity)
}

function roomRow([hub, participants]: readonly [Name, readonly Name[]]): string {
  const choice = chooseForRoom(
    documents[hub],
    participants.map((name) => documents[name]),
  )
  const names = participants.join(', ')
  return `| ${hub} | ${names === '' ? '–' : names} | ${choice.kind === 'chosen' ? choice.suite : 'none'} |`
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``
}
