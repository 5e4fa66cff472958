import { execFileSync } from 'node:child_process'

/** Every Markdown file of the repository that git knows or would add. */
export function markdownFiles(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md']
  return execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean)
}

/** Heading anchors as GitHub makes them. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of headings) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[`*]|\[|\]\([^)]*\)/g, '')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

/** Targets of links and images that are no URL. */
export function relativeLinks(markdown: string): readonly string[] {
  const inline = withoutCode(markdown).matchAll(/\]\(([^()\s]+(?:\([^()]*\))?)\)/g)
  const defined = withoutCode(markdown).matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)
  return [...inline, ...defined]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '')
}
