import { createHash } from 'node:crypto'

export interface HtmlPage {
  /** Text, not markup. */
  readonly title: string
  /** Markup of everything within `main`. */
  readonly main: string
}

/** A page for people: plain HTML without scripts, for every width, light and dark. */
export function htmlPage({ title, main }: HtmlPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`
}

/** `Content-Security-Policy` of such a page: one style sheet by its digest, and nothing else at all. */
export const pageSecurityPolicy = (): string =>
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A section under a heading of its own; `heading` and `content` are markup. */
export function section(id: string, heading: string, content: string): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>\n${content}</section>`
}

export function list(items: readonly string[], kind: 'ul' | 'ol' = 'ul'): string {
  return `<${kind}>\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</${kind}>`
}

export function descriptions(rows: readonly (readonly [term: string, what: string])[]): string {
  return `<dl>\n${rows.map(([term, what]) => `<dt>${term}</dt><dd>${what}</dd>`).join('\n')}\n</dl>`
}

/** What `edited`, `checked` and `attested` mean, wherever they stand. */
export const howSure = section(
  'sure',
  'How sure each promise is',
  descriptions([
    ['edited', 'The gateway writes it, so it can show less.'],
    ['checked', 'A client signed it: the gateway takes it or refuses it, and cannot change it.'],
    ['attested', 'A promise about what the other side does. Nobody can check it.'],
  ]),
)

const STYLE = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:Canvas;color:CanvasText;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1,h2,h3{line-height:1.2}
table{width:100%;border-collapse:collapse;margin:0 0 1.5rem}
caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .3rem;border-top:1px solid light-dark(#bbb,#555);overflow-wrap:normal}
tbody th{font-weight:400;width:60%}
.more tbody{background:light-dark(#fff3d6,#3a2f14)}
ul,ol{padding-left:1.2rem}
li{margin-bottom:.5rem}
code,small{font-size:.85em}
code{overflow-wrap:anywhere}
td small,th small{display:block}
dt{font-weight:600}
dd{margin:0 0 .5rem}`
