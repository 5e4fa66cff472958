/**
 * Prints `<passed> <failed>` for a JSON report of vitest, and on standard error why more failed than
 * the report says: test files of the projects that did not run, tests that were skipped although the
 * vectors are there, a runner that failed although each test passed.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string }[]
}

const [, , file = '', projects = '', exitCode = '1'] = process.argv
const report = readReport(file)
const ran = new Set(report.testResults.map(({ name }) => relative(process.cwd(), name)))
const missing = projects
  .split(' ')
  .flatMap((project) => filesOf(project))
  .filter((name) => !ran.has(name))
const brokenFiles = report.testResults.filter(({ status }) => status === 'failed').length
const skipped = report.numPendingTests + report.numTodoTests
const mayBeSkipped = !existsSync('../shared/vectors')

let failed =
  Math.max(report.numFailedTests, brokenFiles) + missing.length + (mayBeSkipped ? 0 : skipped)
for (const name of missing) console.error(`did not run: ${name}`)
if (skipped > 0)
  console.error(`skipped: ${skipped} tests${mayBeSkipped ? ': ../shared/vectors is absent' : ''}`)
if (failed === 0 && exitCode !== '0') {
  console.error(`the test runner failed with exit code ${exitCode}`)
  failed = 1
}
console.log(`${report.numPassedTests} ${failed}`)

function filesOf(project: string): string[] {
  const files = globSync(`test/${project}/**/*.test.ts`)
  return files.length > 0 ? files : [`test/${project}`]
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    console.error('there is no report of the test run')
    return {
      numPassedTests: 0,
      numFailedTests: 1,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    }
  }
}
