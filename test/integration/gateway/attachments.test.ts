import { hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { attachmentBytesMax } from '../../../src/reports/attachments/open-attachment.ts'
import type { ContentPart, ExternalPart } from '../../../src/wire/cbor/content-part.ts'
import { assetAuthority, openAssetServer } from '../../support/asset-server.ts'
import { picture, sealAttachment } from '../../support/attachments.ts'
import { eventually, useClubhouse } from '../../support/clubhouse.ts'
import { runCli, type CliResult } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has attached; it lies with c.example.
const host = 'assets.c.example'
const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
const assetAuthorities = join(directory, 'asset-authorities.pem')
writeFileSync(assetAuthorities, assetAuthority.pem)
/** What the host keeps, by path. */
const kept = new Map<string, Buffer>()
const requests: IncomingMessage[] = []
const server = await openAssetServer(
  (request, response) => {
    requests.push(request)
    answer(request.url ?? '', response)
  },
  await assetAuthority.issue({ names: [host] }),
)

/** Enough for a report in each test. */
const budget = { perSecond: 100, burst: 1_000 }
const rates = { peer: budget, peerRoom: budget, reportAbuse: budget }

const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      peerOf: (domain) =>
        domain === 'c.example'
          ? { assetDomains: [host], assetAddress: `127.0.0.1:${server.port}` }
          : {},
      extra: {
        assetAuthorities,
        moderation: { team: [{ name: 'ann' }, { name: 'bob' }] },
        limits: { assets: { headMs: 500, deadlineMs: 3_000 } },
        rates,
      },
    },
    'b.example': { extra: { rates } },
  },
})
let room: string
let sent = 0

beforeAll(async () => {
  room = await clubhouse().room()
}, 60_000)
beforeEach(() => void requests.splice(0))
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

function answer(path: string, response: ServerResponse): void {
  const octets = kept.get(path)
  if (path === '/slow') return
  if (path === '/drip') response.write('x')
  else if (path === '/long')
    response.writeHead(200, { 'content-length': attachmentBytesMax + 1 }).write('x')
  else if (path === '/endless') {
    response.write(Buffer.alloc(attachmentBytesMax))
    response.end('x')
  } else if (path === '/moved')
    response.writeHead(302, { location: `https://${host}/elsewhere` }).end()
  else if (octets === undefined) response.writeHead(404).end()
  else response.end(octets)
}

const hub = () => clubhouse().federation.provider('a.example')

/** `postern cases <args>` at the hub. */
function cases(...args: string[]): Promise<CliResult> {
  return runCli(['cases', ...args, '--socket', hub().config().listeners.admin.socket])
}

async function asJson(...args: string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await cases(...args, '--json')
  if (exitCode !== 0) throw new Error(stderr.trim())
  return JSON.parse(stdout)
}

interface Reported {
  readonly id: string
  readonly report: string
}

/** Cathy sends it and Bob reports it, in one case that Ann holds. */
async function reported(body: ContentPart): Promise<Reported> {
  const { bob, cathy } = clubhouse()
  await cathy.send(room, { body })
  const events = await eventually(bob, ({ kind }) => kind === 'message')
  const received = events.find((event) => event.kind === 'message')
  if (received?.evidence === undefined) throw new Error('no evidence')
  await bob.report(room, [received.evidence])
  const { cases: found } = (await asJson('list', '--as', 'ann')) as {
    readonly cases: readonly { readonly id: string }[]
  }
  const id = found[0]?.id ?? ''
  const claimed = (await asJson('claim', id, '--as', 'ann')) as {
    readonly reports: readonly { readonly id: string }[]
  }
  return { id, report: claimed.reports[0]?.id ?? '' }
}

/** A sealed picture of Cathy's that lies with the host. */
function uploaded(change: Partial<ExternalPart> = {}) {
  sent += 1
  const path = `/${sent}`
  const sealed = sealAttachment(picture, `https://${host}${path}`, change)
  kept.set(path, sealed.octets)
  return { ...sealed, path }
}

const asAnn = ['--as', 'ann', '--mfa']

/** What the hub says of the attachment to Ann, who holds its case. */
async function opened(part: ExternalPart): Promise<string> {
  const { id, report } = await reported(part)
  const command = ['attachment', id, '--report', report, ...asAnn] as const
  const { exitCode, stdout, stderr } = await cases(...command)
  return exitCode === 0 ? stdout : stderr.trim()
}

test('an attachment is fetched when the holder of its case asks, and is told to be what was sent', async () => {
  const { part, path } = uploaded()
  const { id, report } = await reported(part)
  const evidence = await asJson('show', id, ...asAnn, '--evidence', '--report', report)
  expect(evidence).toMatchObject({
    evidence: {
      messages: [
        {
          number: 1,
          attachments: [
            {
              number: 1,
              mediaType: 'image/png',
              bytes: picture.length,
              name: 'holiday.png',
              proof: 'verifiable',
            },
          ],
        },
      ],
    },
  })
  // Until here nobody has told its host that there is a report.
  expect(requests).toEqual([])
  const shown = await asJson('attachment', id, '--report', report, ...asAnn)
  expect(shown).toEqual({
    report,
    message: 1,
    part: 1,
    bytes: picture.length,
    sha256: hash('sha256', picture),
    mediaType: 'image/png',
  })
  expect(requests.map(({ url, rawHeaders }) => [url, rawHeaders])).toEqual([
    [path, ['host', host, 'connection', 'keep-alive', 'accept-encoding', 'identity']],
  ])
  expect(await asJson('show', id, '--as', 'bob')).toMatchObject({
    events: expect.arrayContaining([
      expect.objectContaining({
        kind: 'evidence-opened',
        by: 'ann',
        report,
        attachment: { message: 1, part: 1 },
      }),
    ]),
  })
})

test('its content comes only into a file that nobody else can read', async () => {
  const { part } = uploaded()
  const { id, report } = await reported(part)
  const file = join(tempDir(), 'attachment')
  const command = ['attachment', id, '--report', report, ...asAnn, '--out', file] as const
  const { stdout } = await cases(...command)
  expect(stdout).toBe(
    `as it was sent: image/png, ${picture.length} octets, SHA-256 ${hash('sha256', picture)}\n`,
  )
  expect(readFileSync(file).equals(picture)).toBe(true)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await cases(...command)).toMatchObject({ exitCode: 2, stdout: '' })
})

test('each attachment of a message has its number', async () => {
  const [one, other] = [uploaded(), uploaded({ filename: 'second.png' })]
  const body: ContentPart = {
    cardinality: 'multi',
    disposition: 1,
    language: '',
    partSemantics: 'processAll',
    parts: [one.part, other.part],
  }
  const { id, report } = await reported(body)
  const ask = (...more: string[]) => cases('attachment', id, '--report', report, ...asAnn, ...more)
  expect(await ask('--part', '2')).toMatchObject({ exitCode: 0 })
  expect(requests.map(({ url }) => url)).toEqual([other.path])
  expect(await ask('--part', '3')).toMatchObject({ exitCode: 1, stderr: 'not-found\n' })
  expect(await ask('--message', '2')).toMatchObject({ exitCode: 1, stderr: 'not-found\n' })
  expect(await ask('--part', '0')).toMatchObject({ exitCode: 2 })
  expect(await cases('attachment', id, ...asAnn)).toMatchObject({ exitCode: 2 })
})

test('another ciphertext under the same key is told apart by its hash', async () => {
  const { part, path, swapped } = uploaded()
  kept.set(path, swapped(Buffer.from('a harmless text')))
  expect(await opened(part)).toBe('attachment-changed')
})

test('without a hash nobody can tell, so that its host is not even asked', async () => {
  const { part, path, swapped } = uploaded({ contentHash: Buffer.alloc(0) })
  kept.set(path, swapped(Buffer.from('a harmless text')))
  expect(await opened(part)).toBe('attachment-not-verifiable')
  expect(requests).toEqual([])
})

test('a key that does not open it is said to be none', async () => {
  expect(await opened(uploaded({ key: Buffer.alloc(16) }).part)).toBe('attachment-unreadable')
})

test.each([
  ['on a host that nobody named', 'https://assets.d.example/1', 'host-not-known'],
  ['on this machine', 'https://127.0.0.1/1', 'no-such-url'],
  ['without TLS', `http://${host}/1`, 'no-such-url'],
])('an attachment %s is not fetched', async (_, url, reason) => {
  expect(await opened(sealAttachment(picture, url).part)).toBe(`attachment-unavailable ${reason}`)
  expect(requests).toEqual([])
})

test.each([
  ['/gone', 'gone'],
  ['/moved', 'no-valid-answer'],
  ['/long', 'too-large'],
  ['/endless', 'too-large'],
  ['/slow', 'too-slow'],
  ['/drip', 'too-slow'],
])('a host that answers as at %s gives no attachment', async (path, reason) => {
  const { part } = sealAttachment(picture, `https://${host}${path}`)
  expect(await opened(part)).toBe(`attachment-unavailable ${reason}`)
  expect(requests).toHaveLength(1)
})

test('without a claim, without a second factor and for others nothing is fetched', async () => {
  const { id, report } = await reported(uploaded().part)
  const ask = (...who: string[]) => cases('attachment', id, '--report', report, ...who)
  expect(await ask('--as', 'bob', '--mfa')).toMatchObject({ stderr: 'case-claimed\n' })
  expect(await ask('--as', 'ann')).toMatchObject({ stderr: 'moderation-denied\n' })
  expect(await ask('--as', 'eve', '--mfa')).toMatchObject({ stderr: 'moderator-unknown\n' })
  await cases('release', id, '--as', 'ann')
  expect(await ask(...asAnn)).toMatchObject({ stderr: 'claim-required\n' })
  expect(requests).toEqual([])
})

test('nothing of an attachment is kept or logged, nor where it lay', () => {
  const files = readdirSync(hub().directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('reference-ds'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  for (const text of [...files, hub().log()]) {
    expect(text).not.toContain('attachment-canary')
    expect(text).not.toContain(`${host}/`)
    expect(text).not.toContain('holiday.png')
  }
  expect(hub().log()).toContain('report.opened')
})
