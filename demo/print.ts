import type { StepResult } from './stage.ts'
export class Printer {
  stepBegins(step: number, title: string) {
    console.log(step, title)
  }
  stepEnds(result: StepResult) {
    console.log(result.ok, result.durationMs, result.error ?? '')
    for (const n of result.notes) console.log('    ', n)
    for (const c of result.crossings) console.log('      ', JSON.stringify(c))
  }
}
