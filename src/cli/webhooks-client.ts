import {
  deadLettersSchema,
  feedListSchema,
  redriveSchema,
  testSchema,
  webhookPaths,
  type DeadLetters,
  type FeedList,
  type Redriven,
  type TestResult,
} from '../admin/webhooks-api.ts'
import type { ControlCall } from './control-call.ts'

/** What a running server answers about who is told of cases. Every call throws `ControlError`. */
export interface WebhooksClient {
  list(): Promise<FeedList>
  deadLetters(name: string, limit: number): Promise<DeadLetters>
  test(name: string): Promise<TestResult>
  redrive(name: string, number: number | undefined): Promise<Redriven>
}

export function createWebhooksClient(call: ControlCall): WebhooksClient {
  return {
    list: () => call(feedListSchema, webhookPaths.list),
    deadLetters: (name, limit) =>
      call(deadLettersSchema, `${at(webhookPaths.dead, name)}?limit=${limit}`),
    test: (name) => call(testSchema, at(webhookPaths.test, name), 'POST'),
    redrive: (name, number) =>
      call(redriveSchema, at(webhookPaths.redrive, name), {
        post: number === undefined ? {} : { number },
      }),
  }
}

function at(path: string, name: string): string {
  return path.replace(':id', encodeURIComponent(name))
}
