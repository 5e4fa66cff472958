import { existsSync, readFileSync } from 'node:fs'
import { createServer, type OutgoingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** False only where a person runs the tests without a browser; in CI its absence is a failure. */
export const hasBrowser = existsSync(CHROMIUM) || process.env['CI'] !== undefined

if (!hasBrowser)
  process.stderr.write(`skipped: no browser at ${CHROMIUM}; set CHROMIUM or install chromium\n`)

export function startBrowser(): Promise<Browser> {
  const { chromium } = require('playwright-core') as Playwright
  // No sandbox: in containers tests run as root. It sees pages of this repository only.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}

/** What was served, to be passed on as it is. */
export interface Served {
  readonly bytes: Buffer | string
  readonly headers: OutgoingHttpHeaders
}

/** A server on loopback that passes pages on, as a delivery service does. */
export async function passOn(
  pages: ReadonlyMap<string, Served>,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(({ url = '' }, response) => {
    const page = pages.get(url)
    response.writeHead(page === undefined ? 404 : 200, page?.headers).end(page?.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const phone = { width: 360, height: 740 } as const
export const desktop = { width: 1_280, height: 900 } as const
export type Scheme = 'light' | 'dark'

export interface Look {
  readonly scheme: Scheme
  readonly viewport: { readonly width: number; readonly height: number }
}

/** What is wrong with a page in the eyes of a browser; all empty where nothing is. */
export interface Faults {
  /** Elements that reach beyond the right edge, by their beginning. */
  readonly tooWide: readonly string[]
  /** Rules of axe that are broken, or that it could not decide, with the first element. */
  readonly axe: readonly string[]
  /** What the console says, violations of the security policy among it. */
  readonly console: readonly string[]
}

/** Opens a page and looks at it. Throws where axe did not even compare colours. */
export async function faultsOf(browser: Browser, url: string, look: Look): Promise<Faults> {
  await using page = await browser.newPage({
    viewport: look.viewport,
    colorScheme: look.scheme,
  })
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  await page.goto(url)
  const results = await audit(page)
  return { tooWide: await page.evaluate(TOO_WIDE), axe: broken(results), console: said }
}

/** The evaluation of a debugger is no script of the page: its security policy stays in force. */
async function audit(page: Page): Promise<AxeResults> {
  await page.evaluate(AXE)
  const results = await page.evaluate<AxeResults>('axe.run(document)')
  const { passes, violations, incomplete } = results
  if (![...passes, ...violations, ...incomplete].some(({ id }) => id === 'color-contrast'))
    throw new Error('axe did not compare colours')
  return results
}

// As far as they are used here: the types of both packages need those of a browser, and these would
// then be in sight of every file.

interface Playwright {
  readonly chromium: {
    launch(options: {
      readonly executablePath: string
      readonly args: readonly string[]
    }): Promise<Browser>
  }
}
export interface Browser extends AsyncDisposable {
  newPage(options: {
    readonly viewport: Look['viewport']
    readonly colorScheme?: Scheme
  }): Promise<Page>
}
interface Page extends AsyncDisposable {
  on(event: 'console', listener: (message: { text(): string }) => void): void
  on(event: 'pageerror', listener: (error: Error) => void): void
  goto(url: string): Promise<unknown>
  evaluate<T>(expression: string): Promise<T>
}

interface AxeResults {
  readonly violations: readonly AxeRule[]
  readonly incomplete: readonly AxeRule[]
  readonly passes: readonly AxeRule[]
}
interface AxeRule {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

function broken({ violations, incomplete }: AxeResults): readonly string[] {
  return [...violations, ...incomplete].map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const TOO_WIDE = `(() => {
  const { clientWidth, scrollWidth } = document.documentElement
  const found = [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5)
    .map((element) => element.outerHTML.slice(0, 80))
  return scrollWidth > clientWidth && found.length === 0 ? ['the page scrolls'] : found
})()`
