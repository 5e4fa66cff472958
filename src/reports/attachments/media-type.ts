/** What an attachment can be found to be. */
export const knownMediaTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/heic',
  'video/mp4',
  'video/webm',
  'application/ogg',
  'application/pdf',
  'application/zip',
] as const
export type KnownMediaType = (typeof knownMediaTypes)[number]

/** What octets are by how they begin, whatever their sender says; nothing else of them is read. */
export function mediaTypeOf(octets: Buffer): KnownMediaType | undefined {
  const found = BEGINNINGS.find(({ at, bytes }) =>
    octets.subarray(at, at + bytes.length).equals(bytes),
  )
  return found?.type
}

interface Beginning {
  readonly type: KnownMediaType
  readonly at: number
  readonly bytes: Buffer
}

function begins(type: KnownMediaType, text: string, at = 0): Beginning {
  return { type, at, bytes: Buffer.from(text, 'latin1') }
}

/** The first that fits counts. */
const BEGINNINGS: readonly Beginning[] = [
  begins('image/png', '\x89PNG\r\n\x1a\n'),
  begins('image/jpeg', '\xff\xd8\xff'),
  begins('image/gif', 'GIF8'),
  begins('image/webp', 'WEBP', 8),
  begins('image/avif', 'ftypavif', 4),
  begins('image/heic', 'ftyphei', 4),
  begins('video/mp4', 'ftyp', 4),
  begins('video/webm', '\x1a\x45\xdf\xa3'),
  begins('application/ogg', 'OggS'),
  begins('application/pdf', '%PDF-'),
  begins('application/zip', 'PK\x03\x04'),
]
