import { Printer } from './print.ts'
import { Stage } from './stage.ts'
import { play, raiseCurtain } from './story.ts'
const abort = new AbortController()
const stage = new Stage(new Printer(), abort.signal)
await using federation = await raiseCurtain(stage, abort.signal)
try {
  await play(stage, federation)
} catch (e) {
  console.log(e)
  for (const p of federation.providers) console.log(await p.gateway.logTail())
}
console.log(federation.recording.crossings.length)
