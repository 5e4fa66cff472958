import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { PeerClients } from '../../../src/delivery/peer-clients.ts'
import { documentBytesMax } from '../../../src/metadata/requirements/document.ts'
import { canonicalJson } from '../../../src/metadata/requirements/strict-json.ts'
import type { SignedDocument } from '../../../src/metadata/requirements/signed-document.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { Discovery, type RequirementsAlert } from '../../../src/peers/discovery.ts'
import { requirementsPath } from '../../../src/peers/fetch-document.ts'
import { openBook, ownRequirements, peer, statement, us } from '../../support/agreements.ts'
import { peerClients, startPeer } from '../../support/peer-server.ts'
import {
  dayMs,
  privateTable,
  requirements,
  signed,
  signingKey,
} from '../../support/requirements.ts'

/** What b.example publishes: the documents of its chain, the last one in force. */
function publisher(state: { documents: readonly SignedDocument[] }): RequestListener {
  return (request, response) => {
    const [, digest] = (request.url ?? '').split(`${requirementsPath}/`)
    const found =
      digest === undefined
        ? state.documents.at(-1)
        : state.documents.find((document) => document.digest === digest)
    if (found === undefined) response.writeHead(404).end()
    else if (request.headers['if-none-match'] === `"${found.digest}"`) response.writeHead(304).end()
    else response.end(found.jws)
  }
}

/** The gateway of a.example, which looks at what a real server of b.example publishes. */
async function discovering(listener: RequestListener, clients?: PeerClients) {
  const open = await openBook()
  const alerts: RequirementsAlert[] = []
  const content = statement({ asHub: [2, 3], asFollower: [2, 1] })
  const own = await ownRequirements(open.documents, open.clock, { content })
  const calls = clients ?? peerClients(await startPeer(listener))
  const discovery = new Discovery({
    self: us,
    // Nobody waits five seconds for a test.
    fetch: (call) => calls.document({ ...call, deadlineMs: 200 }),
    documents: open.documents,
    own,
    book: open.book,
    clock: open.clock,
    onAlert: (_, alert) => void alerts.push(alert),
  })
  return { ...open, own, discovery, alerts }
}

/** As `discovering`, after b.example has published a document and an agreement is in force. */
async function agreed() {
  const state = { documents: [theirs()] }
  const behaviour: { listener: RequestListener } = { listener: publisher(state) }
  const open = await discovering((request, response) => behaviour.listener(request, response))
  await open.discovery.refresh(peer)
  const before = open.book.list()
  expect(before).toHaveLength(2)
  return { ...open, state, behaviour, before }
}

function theirs(changes: Parameters<typeof signed>[0] = {}): SignedDocument {
  return signed({ provider: peer, asHub: [2], asFollower: [3, 2], ...changes })
}

test('a document is fetched over mutual TLS, kept and agreed on', async () => {
  const open = await agreed()
  expect(open.discovery.standing(peer)).toMatchObject({ outcome: 'current', reason: undefined })
  expect(open.book.live(peer, 'hub')[0]?.names).toEqual(['moderated-pseudonyms', 'identified'])
  expect(open.book.live(peer, 'follower')[0]?.names).toEqual(['moderated-pseudonyms'])
  expect(open.alerts).toEqual([])
})

test('a document that did not change is not sent again', async () => {
  const open = await agreed()
  const statuses: number[] = []
  const publish = publisher(open.state)
  open.behaviour.listener = (request, response) => {
    response.on('finish', () => statuses.push(response.statusCode))
    publish(request, response)
  }
  expect((await open.discovery.refresh(peer)).outcome).toBe('current')
  expect(statuses).toEqual([304])
})

test('callers that come at the same time share one look', async () => {
  let requests = 0
  const publish = publisher({ documents: [theirs()] })
  const { discovery } = await discovering((request, response) => {
    requests += 1
    publish(request, response)
  })
  await Promise.all([discovery.refresh(peer), discovery.refresh(peer), discovery.refresh(peer)])
  expect(requests).toBe(1)
})

test('requests make us look at most five times in ten seconds', async () => {
  let requests = 0
  const { discovery, move } = await discovering((_, response) => {
    requests += 1
    response.writeHead(404).end()
  })
  for (let round = 0; round < 8; round += 1) await discovery.refreshOnDemand(peer)
  expect(requests).toBe(5)
  move(10_000)
  await discovery.refreshOnDemand(peer)
  expect(requests).toBe(6)
})

test('documents that were missed are fetched by their digest', async () => {
  const open = await agreed()
  const second = theirs({ seq: 2, prev: open.state.documents[0]?.digest ?? null, asFollower: [2] })
  const third = theirs({ seq: 3, prev: second.digest, asFollower: [2] })
  open.state.documents = [...open.state.documents, second, third]
  expect((await open.discovery.refresh(peer)).outcome).toBe('current')
  expect(open.documents.chain(peer).map(({ document }) => document.seq)).toEqual([1, 2, 3])
  expect(open.book.live(peer, 'hub')[0]?.held.change).toBe('lower')
})

test('a peer without a document has none, and no agreement', async () => {
  const { discovery, book, alerts } = await discovering((_, response) =>
    response.writeHead(404).end(),
  )
  expect(await discovery.refresh(peer)).toMatchObject({ outcome: 'no-document' })
  expect(book.list()).toEqual([])
  expect(alerts).toEqual([])
})

test('our own new document is settled without asking anybody', async () => {
  const open = await agreed()
  open.behaviour.listener = (_, response) => void response.destroy()
  await open.own.publish({ renew: true })
  await open.discovery.renegotiate([peer])
  expect(open.book.live(peer, 'hub')).toHaveLength(2)
})

describe('what a peer may do wrong: refused with a code, told, and what was agreed stays', () => {
  const [first] = [theirs()]
  const forged = theirs({ seq: 2, prev: first.digest })
  const cases: readonly (readonly [string, string | Buffer, RequirementsAlert])[] = [
    ['10 MB', 'a'.repeat(10_000_000), 'malformed'],
    ['one octet too many', 'a'.repeat(documentBytesMax + 1), 'malformed'],
    ['no JWS', '<html>', 'malformed'],
    ['a nested bomb', bomb('[', ']'), 'malformed'],
    ['a bomb of objects', bomb('{"a":', '}', '1'), 'malformed'],
    ['__proto__', around(`{"__proto__":${canonicalJson(requirements())}}`), 'malformed'],
    ['an unknown member', around(canonicalJson({ ...requirements(), more: 1 })), 'malformed'],
    ['a suite twice', around(canonicalJson(requirements({ asHub: [2, 2] }))), 'malformed'],
    [
      'a private suite with a built-in code',
      around(canonicalJson(requirements({ suites: [{ ...privateTable(), code: 2 }] }))),
      'malformed',
    ],
    ['another provider', signed({ provider: 'c.example' }).jws, 'wrong-provider'],
    ['another key', signed(forged.document, signingKey('thief')).jws, 'wrong-key'],
    ['a changed signature', `${forged.jws.slice(0, -4)}AAAA`, 'bad-signature'],
    ['a first document once more', theirs({ contact: 'mailto:x@b.example' }).jws, 'equivocation'],
    [
      'a predecessor that it does not have',
      theirs({ seq: 3, prev: theirs({ seq: 2 }).digest }).jws,
      'broken-prev',
    ],
    ['a document of tomorrow', later(1), 'not-yet-valid'],
    ['a document of last year', later(-300), 'expired'],
  ]

  test.each(cases)('%s', async (...[, body, alert]) => {
    const open = await agreed()
    open.behaviour.listener = (request, response) => {
      if (request.url === requirementsPath) response.end(body)
      else response.writeHead(404).end()
    }
    const standing = await open.discovery.refresh(peer)
    expect(standing).toMatchObject({ outcome: 'refused', reason: alert })
    expect(open.alerts).toEqual([alert])
    expect(open.book.list()).toEqual(open.before)
    expect(open.documents.latest(peer)?.digest).toBe(first.digest)
  })

  test('a redirect', async () => {
    const open = await agreed()
    const asked: (string | undefined)[] = []
    open.behaviour.listener = (request, response) => {
      asked.push(request.url)
      response.writeHead(302, { location: '/elsewhere' }).end()
    }
    await open.discovery.refresh(peer)
    expect(open.alerts).toEqual(['redirected'])
    expect(asked).toEqual([requirementsPath])
    expect(open.book.list()).toEqual(open.before)
  })

  test('a document that is withdrawn', async () => {
    const open = await agreed()
    open.state.documents = []
    await open.discovery.refresh(peer)
    expect(open.alerts).toEqual(['withdrawn'])
    expect(open.book.list()).toEqual(open.before)
  })

  test('an older document', async () => {
    const open = await agreed()
    const second = theirs({ seq: 2, prev: first.digest })
    open.state.documents = [first, second]
    await open.discovery.refresh(peer)
    open.state.documents = [first]
    await open.discovery.refresh(peer)
    expect(open.alerts).toEqual(['rollback'])
    expect(open.documents.latest(peer)?.digest).toBe(second.digest)
  })

  test('an equivocation behind a document that seems to follow: both are kept', async () => {
    const open = await agreed()
    const other = theirs({ contact: 'mailto:x@b.example' })
    open.state.documents = [other, theirs({ seq: 2, prev: other.digest })]
    await open.discovery.refresh(peer)
    expect(open.alerts).toEqual(['equivocation'])
    expect(open.documents.evidence(peer).map(({ digest }) => digest)).toEqual([other.digest])
    expect(open.documents.latest(peer)?.digest).toBe(first.digest)
  })

  test('a chain without end', async () => {
    const open = await agreed()
    let links = 0
    open.behaviour.listener = (_, response) => {
      links += 1
      const seq = 1_000 - links
      response.end(theirs({ seq, prev: theirs({ seq: seq - 1 }).digest }).jws)
    }
    expect((await open.discovery.refresh(peer)).outcome).toBe('refused')
    expect(links).toBeLessThanOrEqual(64)
    expect(open.book.list()).toEqual(open.before)
  })

  test('a slow answer', async () => {
    const open = await agreed()
    open.behaviour.listener = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('a')
    }
    expect(await open.discovery.refresh(peer)).toMatchObject({
      outcome: 'unreachable',
      reason: 'peer-timeout',
    })
    expect(open.alerts).toEqual(['too-slow'])
    expect(open.book.list()).toEqual(open.before)
  })

  test('an outage', async () => {
    const open = await agreed()
    open.behaviour.listener = (_, response) => void response.destroy()
    expect((await open.discovery.refresh(peer)).outcome).toBe('unreachable')
    expect(open.alerts).toEqual([])
    expect(open.book.holds(peer)).toBe(true)
  })
})

test.each(['127.0.0.1', '169.254.169.254', '10.0.0.1', '::1', 'fe80::1'])(
  'a name that resolves to %s is not asked',
  async (address) => {
    const port = await startPeer(publisher({ documents: [theirs()] }))
    const clients = peerClients(port, {
      addressOf: () => undefined,
      resolve: (_, done) => done(null, [{ address, family: address.includes(':') ? 6 : 4 }]),
    })
    const { discovery } = await discovering(() => {}, clients)
    expect(await discovery.refresh(peer)).toMatchObject({
      outcome: 'unreachable',
      reason: 'peer-unreachable',
    })
  },
)

test('an alert is raised when a refusal begins, not each time', async () => {
  const open = await agreed()
  open.behaviour.listener = (_, response) => void response.end('nothing')
  for (let round = 0; round < 3; round += 1) await open.discovery.refresh(peer)
  expect(open.alerts).toEqual(['malformed'])
  open.behaviour.listener = publisher(open.state)
  await open.discovery.refresh(peer)
  open.behaviour.listener = (_, response) => void response.end('nothing')
  await open.discovery.refresh(peer)
  expect(open.alerts).toEqual(['malformed', 'malformed'])
})

test('a peer that lost its history can begin anew if the operator says so', async () => {
  const open = await agreed()
  const anew = theirs({ contact: 'mailto:x@b.example' })
  open.state.documents = [anew]
  expect((await open.discovery.refresh(peer)).outcome).toBe('refused')
  expect((await open.discovery.forget(peer)).outcome).toBe('current')
  expect(open.documents.latest(peer)?.digest).toBe(anew.digest)
  expect(open.documents.evidence(peer)).toHaveLength(0)
})

test('peers are looked at hourly, and sooner where they could not be reached', async () => {
  const open = await agreed()
  const other = parseProviderDomain('c.example')
  expect(open.discovery.due([peer, other])).toEqual([other])
  open.move(3_600_000)
  expect(open.discovery.due([peer])).toEqual([peer])
  open.behaviour.listener = (_, response) => void response.destroy()
  await open.discovery.refresh(peer)
  open.move(30_000)
  expect(open.discovery.due([peer])).toEqual([peer])
})

function later(days: number): string {
  const { issuedAt, expiresAt } = requirements()
  const shift = days * (dayMs / 1_000)
  return theirs({
    seq: 2,
    prev: theirs().digest,
    issuedAt: issuedAt + shift,
    expiresAt: expiresAt + shift,
  }).jws
}

function bomb(open: string, close: string, inside = ''): string {
  return around(open.repeat(20_000) + inside + close.repeat(20_000))
}

function around(payload: string): string {
  const [header, , signature] = signed().jws.split('.')
  return `${header}.${Buffer.from(payload).toString('base64url')}.${signature}`
}
