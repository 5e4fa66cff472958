import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openDocument } from '../../../src/metadata/requirements/signed-document.ts'
import { addMember, message, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer } from '../../support/gateway-calls.ts'
import { searchByHandle } from '../../support/peer-requests.ts'
import { peerRequest, problemCode } from '../../support/peers-listener.ts'
import { messageBody } from '../../support/raw-requests.ts'
import { runCli } from '../../support/run-cli.ts'

// Three gateways: two that agree, and one that requires what the others do not show.
const compliance = { asHub: ['compliance'], asFollower: ['compliance'] }
const clubhouse = useClubhouse({
  providers: {
    'a.example': { extra: { requirements: { requireAgreement: true } } },
    'b.example': {
      extra: {
        defaultSuites: {
          asHub: ['moderated-pseudonyms'],
          asFollower: ['identified', 'moderated-pseudonyms', 'bare-minimum'],
        },
      },
    },
    'c.example': {
      policies: 'enterprise',
      rooms: { profile: 'enterprise', region: 'EU' },
      extra: { defaultSuites: compliance },
    },
  },
})

const provider = (domain: string) => clubhouse().federation.provider(domain)

async function cli(domain: string, ...args: readonly string[]) {
  const result = await runCli([
    ...args,
    '--socket',
    join(provider(domain).directory, 'control.sock'),
  ])
  return { ...result, text: `${result.stdout}${result.stderr}` }
}

async function json<T>(domain: string, ...args: readonly string[]): Promise<T> {
  return JSON.parse((await cli(domain, ...args, '--json')).stdout) as T
}

interface Listed {
  readonly agreements: readonly {
    readonly id: string
    readonly peer: string
    readonly role: string
    readonly state: string
    readonly suites: readonly string[]
  }[]
}

async function agreementsOf(domain: string, peer: string, role = 'hub') {
  const { agreements } = await json<Listed>(domain, 'agreements', 'list')
  return agreements.filter((agreement) => agreement.peer === peer && agreement.role === role)
}

let room: string

beforeAll(async () => {
  const { alice, bob } = clubhouse()
  for (const domain of ['a.example', 'b.example', 'c.example'])
    await cli(domain, 'peers', '--refresh')
  room = newRoomUri()
  await alice.createRoom({ room, name: 'Agreed', suite: 'moderated-pseudonyms' })
  await addMember(alice, bob, room)
}, 30_000)

/** What the hub answers to a message of Bob's that names this agreement. */
async function answerTo(agreement: string | undefined) {
  return callPeer(provider('a.example'), {
    as: provider('b.example').identity,
    from: 'b.example',
    operation: 'submitMessage',
    target: room,
    body: messageBody(clubhouse().bob, room),
    headers: { 'mimi-metadata-agreement': agreement },
  })
}

// Each test goes on where the one before it ended.
describe('agreements between gateways', { shuffle: false }, () => {
  test('each gateway publishes what it requires, and says in its directory where', async () => {
    const { port } = new URL(provider('a.example').gateway.urls.peers)
    const get = (path: string) =>
      peerRequest({
        port: Number(port),
        path,
        method: 'GET',
        identity: provider('b.example').identity,
      })
    const directory = await get('/.well-known/mimi-protocol-directory')
    const url = 'https://a.example/.well-known/mimi-metadata-requirements'
    expect(JSON.parse(directory.body.toString())).toMatchObject({ metadataRequirements: url })
    const published = openDocument((await get(new URL(url).pathname)).body)
    expect(published).toMatchObject({ kind: 'opened', signed: { document: { seq: 1 } } })
  })

  test('two gateways come to the same agreements by themselves', async () => {
    const ours = await agreementsOf('a.example', 'b.example', 'hub')
    const theirs = await agreementsOf('b.example', 'a.example', 'follower')
    expect(ours).toMatchObject([{ state: 'live', suites: ['moderated-pseudonyms'] }])
    expect(theirs.map(({ id }) => id)).toEqual(ours.map(({ id }) => id))
  })

  test('messages pass under the agreement where one is required', async () => {
    const { alice, bob } = clubhouse()
    expect((await bob.sendText(room, 'to the hub')).kind).toBe('accepted')
    await message(alice, 'to the hub')
    expect((await alice.sendText(room, 'from the hub')).kind).toBe('accepted')
    await message(bob, 'from the hub')
  })

  test('the agreement that a request names is checked', async () => {
    const [known] = await agreementsOf('a.example', 'b.example')
    expect((await answerTo(known?.id)).status).toBe(200)
    for (const named of ['A'.repeat(43), undefined]) {
      const reply = await answerTo(named)
      expect([reply.status, problemCode(reply)]).toEqual([409, 'agreement-stale'])
    }
  })

  test('a peer that asks for more than we show is refused, with the nearest suites and a conflict', async () => {
    const reply = await callPeer(provider('a.example'), {
      as: provider('c.example').identity,
      from: 'c.example',
      ...searchByHandle('a.example', 'alice'),
    })
    const problem = JSON.parse(reply.body.toString()) as object
    expect(problem).toMatchObject({
      code: 'no-common-suite',
      facts: { suite: 2, closest: 4, field: expect.any(String) as string },
    })
    const { cathy } = clubhouse()
    const search = [{ searchType: 'handle', searchValue: 'alice' }] as const
    await expect(cathy.queryIdentifier('a.example', search)).rejects.toMatchObject({
      status: 409,
      problem: 'no-common-suite',
    })
    const told = await cli('a.example', 'requirements', 'negotiate', 'a.example', 'c.example')
    expect(told.exitCode).toBe(1)
    expect(told.text).toMatch(/moderated-pseudonyms of the hub is nearest to compliance/)
    expect(told.text).toMatch(
      /sender\.user +hub +hub pseudonym-epoch\.\.pseudonym-room +follower exact/,
    )
  })

  test('a change that raises exposure waits on both sides, and rooms go on meanwhile', async () => {
    const { alice, bob } = clubhouse()
    const a = provider('a.example')
    const [before] = await agreementsOf('a.example', 'b.example')
    const asHub = ['identified', 'moderated-pseudonyms']
    await a.gateway.reload(a.config({ defaultSuites: { asHub } }))
    await cli('b.example', 'peers', '--refresh')
    const states = async (domain: string, peer: string, role: string) =>
      (await agreementsOf(domain, peer, role)).map(({ state }) => state)
    expect(await states('a.example', 'b.example', 'hub')).toEqual(['pending', 'live'])
    expect(await states('b.example', 'a.example', 'follower')).toEqual(['pending', 'live'])
    const [pending] = await agreementsOf('a.example', 'b.example')
    expect(problemCode(await answerTo(pending?.id))).toBe('agreement-pending')
    expect((await answerTo(before?.id)).status).toBe(200)
    expect(a.log()).toContain('"change":"pending"')

    // We approve, the follower has not yet: it is asked under the older one.
    const id = pending?.id ?? ''
    const approved = await cli('a.example', 'agreements', 'approve', id.slice(0, 8))
    expect(approved).toMatchObject({ exitCode: 0, stderr: '' })
    await alice.sendText(room, 'before both')
    await message(bob, 'before both')
    await cli('b.example', 'agreements', 'approve', id)
    expect(await states('b.example', 'a.example', 'follower')).toEqual(['live', 'live'])
    await alice.sendText(room, 'after both')
    await message(bob, 'after both')
    expect((await answerTo(id)).status).toBe(200)
  }, 20_000)

  test('an outage of a peer stops neither rooms here nor what was agreed on', async () => {
    const { alice } = clubhouse()
    await provider('b.example').stop()
    const peers = await cli('a.example', 'peers', '--refresh')
    expect(peers.text).toMatch(
      /b\.example {2}served {2}document 1, .* unreachable \(peer-unreachable\)/,
    )
    expect((await alice.sendText(room, 'meanwhile')).kind).toBe('accepted')
    const a = provider('a.example')
    await a.stop()
    await a.start()
    expect((await agreementsOf('a.example', 'b.example'))[0]?.state).toBe('live')
    expect((await alice.sendText(room, 'after a restart')).kind).toBe('accepted')
    await provider('b.example').start()
    await message(clubhouse().bob, 'after a restart')
  }, 30_000)

  test('the command line shows, publishes, verifies and negotiates', async () => {
    const shown = await cli('a.example', 'requirements', 'show')
    expect(shown.stdout).toMatch(/^provider +a\.example\ndocument +\d+, SHA-256 /)
    const directory = provider('a.example').directory
    const file = join(directory, 'requirements.jws')
    writeFileSync(file, (await cli('a.example', 'requirements', 'show', '--jws')).stdout)
    expect((await cli('a.example', 'requirements', 'show', '--page')).stdout).toContain('<h1>')
    expect((await cli('a.example', 'requirements', 'publish')).stdout).toMatch(/^unchanged/)
    expect((await cli('a.example', 'requirements', 'publish', '--renew')).stdout).toMatch(
      /^published/,
    )
    const history = await json<{ documents: string[] }>('a.example', 'requirements', 'history')
    expect(history.documents.length).toBeGreaterThanOrEqual(2)

    expect((await cli('b.example', 'requirements', 'verify', 'https://a.example/')).exitCode).toBe(
      0,
    )
    const [first = '', second = ''] = history.documents
    const files = [first, second].map((jws, at) => {
      const path = join(directory, `document-${at}.jws`)
      writeFileSync(path, jws)
      return path
    })
    const [one = '', two = ''] = files
    const after = await cli('a.example', 'requirements', 'verify', two, '--after', one)
    expect(after.stdout).toMatch(/^accepted\n/)
    expect((await cli('a.example', 'requirements', 'verify', one, '--after', two)).text).toBe(
      'rollback\n',
    )
    const agreed = await cli('b.example', 'requirements', 'negotiate', one, 'b.example')
    expect(agreed.stdout).toMatch(
      /^agreement [A-Za-z0-9_-]{43}\nhub a\.example, follower b\.example\n/,
    )
    expect((await cli('a.example', 'requirements', 'verify', '!')).exitCode).toBe(2)
  })
})
