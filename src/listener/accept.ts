/**
 * Whether a reader would rather have the page for people than the document of this type. Programs that
 * do not say what they accept get the document. RFC 9110 §12.5.1
 */
export function prefersPage(accept: string | undefined, documentType: string): boolean {
  if (accept === undefined) return false
  const html = quality(accept, 'text/html')
  return html > 0 && html >= quality(accept, documentType)
}

function quality(accept: string, type: string): number {
  const named = accept
    .slice(0, ACCEPT_CHARACTERS_MAX)
    .split(',')
    .map((part) => part.split(';').map((piece) => piece.trim().toLowerCase()))
    .find(([name]) => name === type)
  if (named === undefined) return 0
  const weight = named.slice(1).find((parameter) => parameter.startsWith('q='))
  const value = weight === undefined ? 1 : Number(weight.slice(2))
  return value >= 0 && value <= 1 ? value : 0
}

const ACCEPT_CHARACTERS_MAX = 1_024
