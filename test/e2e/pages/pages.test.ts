import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageSecurityPolicy } from '../../../src/metadata/html.ts'
import { labelPage } from '../../../src/metadata/labels/page.ts'
import {
  desktop,
  faultsOf,
  hasBrowser,
  passOn,
  phone,
  startBrowser,
  type Browser,
  type Faults,
  type Look,
  type Served,
} from '../../support/browser.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, internalPath } from '../../support/gateway-calls.ts'
import { builtInSuite, labelUnder } from '../../support/labels.ts'
import { peerRequest } from '../../support/peers-listener.ts'

// The pages that people get, from gateways that run, in a browser.
const names = [
  'a room at its hub',
  'a room at a follower',
  'another provider',
  'requirements',
  'long names',
] as const
type Name = (typeof names)[number]

describe.skipIf(!hasBrowser)('pages for people', () => {
  const clubhouse = useClubhouse({
    providers: {
      'c.example': {
        extra: {
          defaultSuites: {
            asHub: ['identified', 'bare-minimum'],
            asFollower: ['moderated-pseudonyms'],
          },
        },
      },
    },
  })
  const provider = (domain: string) => clubhouse().federation.provider(domain)
  const stack = new AsyncDisposableStack()
  let browser: Browser
  let url: string

  beforeAll(async () => {
    const { alice, bob, room } = clubhouse()
    const uri = await room()
    // A follower knows the suite of a room from what its hub fans out.
    await alice.sendText(uri, 'hello')
    await message(bob, 'hello')
    const roomPath = internalPath('labels/rooms', uri)
    const pages: Readonly<Record<Name, Served>> = {
      'a room at its hub': await labelOf('a.example', roomPath),
      'a room at a follower': await labelOf('b.example', roomPath),
      'another provider': await labelOf('a.example', internalPath('labels/peers', 'c.example')),
      requirements: await requirementsOf('c.example'),
      'long names': longNames,
    }
    const served = Object.entries({ ...pages, bad }).map(
      ([name, page]) => [`/${encodeURI(name)}`, page] as const,
    )
    browser = stack.use(await startBrowser())
    ;({ url } = stack.use(await passOn(new Map(served))))
  }, 60_000)
  afterAll(() => stack.disposeAsync())

  async function labelOf(domain: string, path: string): Promise<Served> {
    const answer = await callInternal(provider(domain), path, { headers: { accept: 'text/html' } })
    if (answer.status !== 200) throw new Error(`no label: ${answer.code}`)
    return { bytes: answer.bytes, headers: Object.fromEntries(answer.headers) }
  }

  async function requirementsOf(domain: string): Promise<Served> {
    const { gateway, identity } = provider(domain)
    const { status, body, headers } = await peerRequest({
      port: Number(new URL(gateway.urls.peers).port),
      path: '/.well-known/mimi-metadata-requirements',
      method: 'GET',
      headers: { host: domain, accept: 'text/html' },
      identity,
      tls: { servername: domain },
    })
    if (status !== 200) throw new Error('no requirements')
    return { bytes: body, headers }
  }

  const look = (name: string, scheme: Look['scheme'], viewport: Look['viewport'] = phone) =>
    faultsOf(browser, `${url}/${encodeURI(name)}`, { scheme, viewport })

  test.for(
    names.flatMap((name) => (['light', 'dark'] as const).map((scheme) => [name, scheme] as const)),
  )(
    '%s, %s: fits a phone, breaks no rule of axe, and its policy lets it be',
    async ([name, scheme]) => {
      expect(await look(name, scheme)).toEqual(nothing)
    },
  )

  test.for(['a room at its hub', 'requirements'])('%s: fits a desk too', async (name) => {
    expect(await look(name, 'light', desktop)).toEqual(nothing)
  })

  test('what is beyond the bare minimum is told apart by more than words', async () => {
    await using page = await browser.newPage({ viewport: phone })
    await page.goto(`${url}/${encodeURI('a room at its hub')}`)
    const background = (selector: string) =>
      page.evaluate<string>(
        `getComputedStyle(document.querySelector('${selector}')).backgroundColor`,
      )
    expect(await background('.more tbody')).not.toBe(await background('.bare tbody'))
  })

  test('a page that is too wide, too pale, without language and with a script is found out', async () => {
    const faults = await look('bad', 'light')
    expect(faults.tooWide.length).toBeGreaterThan(0)
    expect(faults.axe.map((fault) => fault.split(':')[0])).toEqual(
      expect.arrayContaining(['color-contrast', 'html-has-lang']),
    )
    expect(faults.console.join()).toContain('Content Security Policy')
  })
})

const nothing: Faults = { tooWide: [], axe: [], console: [] }

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': pageSecurityPolicy(),
}

/** Names of people's choosing, as long as they may be. */
const longNames: Served = { bytes: longLabel(), headers }

function longLabel(): string {
  const domain = `${'x'.repeat(63)}.${'y'.repeat(63)}.example`
  const label = labelUnder(builtInSuite('compliance'))
  return labelPage({
    ...label,
    provider: domain,
    about: { kind: 'room', room: `mimi://${domain}/r/${'z'.repeat(800)}`, hub: domain },
    parts: label.parts.map((part) => ({
      ...part,
      agreements: ['A'.repeat(43), 'B'.repeat(43)],
      recipients: part.recipients.map((one) => ({ ...one, providers: [domain, `b.${domain}`] })),
    })),
    closed: [{ place: 'our-rooms', provider: domain, code: 'no-common-suite' }],
  })
}

const bad: Served = {
  bytes:
    '<!doctype html><html><head><title>Bad</title></head><body><main><h1>Bad</h1><p><font color="#dddddd">pale</font></p><table width="2000"><tr><td>wide</td></tr></table></main><script>1</script></body></html>',
  headers,
}
