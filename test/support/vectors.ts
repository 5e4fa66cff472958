import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** The path of a vector file, or undefined with one visible line where the vectors are absent. */
export function vectorPath(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../shared/vectors/${name}`, import.meta.url))
  if (existsSync(path)) return path
  console.warn(`skipped: vectors are absent: ${name}`)
  return undefined
}

/** The JSON of a vector file, unpacked where it ends with .gz; undefined as `vectorPath`. */
export function vectorJson(name: string): unknown {
  const path = vectorPath(name)
  if (path === undefined) return undefined
  const bytes = readFileSync(path)
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
}
