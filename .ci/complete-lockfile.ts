/**
 * Names every platform's optional package in package-lock.json. `npm install` leaves out those that
 * its registry cannot serve, and `npm ci` then refuses the file as out of step with package.json.
 * An entry with `os` and `cpu` is enough: npm skips it on other platforms without fetching it.
 * Run it after each `npm install` that changed the lock file.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  version?: string
  dev?: boolean
  optional?: boolean
  license?: string
  optionalDependencies?: Record<string, string>
}
interface Lockfile {
  packages: Record<string, Entry>
}

const file = 'package-lock.json'
const lockfile = JSON.parse(readFileSync(file, 'utf8')) as Lockfile
for (const parent of Object.values(lockfile.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    lockfile.packages[`node_modules/${name}`] ??= {
      version,
      ...platformOf(name),
      ...(parent.dev === true && { dev: true }),
      ...(parent.license !== undefined && { license: parent.license }),
      optional: true,
    }
  }
}
const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
lockfile.packages = Object.fromEntries(sorted)
writeFileSync(file, `${JSON.stringify(lockfile, undefined, 2)}\n`)

/** Reads `…-linux-arm-gnueabihf`, `…/darwin-arm64` and the like. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const match = /[-/](android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/
  const [, os, cpu, abi] = match.exec(name) ?? []
  if (os === undefined || cpu === undefined) throw new Error(`no platform in the name ${name}`)
  if (os !== 'linux' || abi === undefined) return { os: [os], cpu: [cpu] }
  return { os: [os], cpu: [cpu], libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] }
}
