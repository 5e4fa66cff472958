import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** The files of a `.tar.gz` as texts by their paths; plain ustar entries, nothing is unpacked to disk. */
export function readTarGz(path: string): ReadonlyMap<string, string> {
  const bytes = gunzipSync(readFileSync(path))
  const files = new Map<string, string>()
  for (let at = 0; at + BLOCK_BYTES <= bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK_BYTES)
    const field = (start: number, end: number): string =>
      header.toString('utf8', start, end).replace(/\0[^]*$/, '')
    const [name, prefix] = [field(0, 100), field(345, 500)]
    if (name === '') break
    const length = Number.parseInt(field(124, 136), 8)
    const start = at + BLOCK_BYTES
    const isFile = ['', '0'].includes(field(156, 157))
    const full = prefix === '' ? name : `${prefix}/${name}`
    if (isFile) files.set(full, bytes.toString('utf8', start, start + length))
    at = start + Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES
  }
  return files
}

const BLOCK_BYTES = 512
