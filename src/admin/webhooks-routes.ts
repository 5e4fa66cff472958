import type { Feeds } from '../feeds/feeds.ts'
import { idOf, type ControlRoute } from './control-route.ts'
import { parse } from './parse.ts'
import * as api from './webhooks-api.ts'

/** Who is told of cases, in the order of their documentation. */
export const webhookRoutes: readonly ControlRoute<Feeds>[] = [
  {
    method: 'GET',
    path: api.webhookPaths.list,
    summary: 'Who is told of what happens to cases, and how far each has come',
    answer: api.feedListSchema,
    run: (feeds) => ({ feeds: feeds.list() }),
  },
  {
    method: 'GET',
    path: api.webhookPaths.dead,
    summary: 'What one of them did not take, newest first',
    query: api.lettersQuery,
    answer: api.deadLettersSchema,
    run: (feeds, request) => {
      const { limit } = parse(api.lettersQuery, request.query)
      return { letters: feeds.deadLetters(idOf(request), limit).map(letterView) }
    },
  },
  {
    method: 'POST',
    path: api.webhookPaths.test,
    summary: 'Sends one event `test` now, once',
    answer: api.testSchema,
    run: (feeds, request) => feeds.test(idOf(request)),
  },
  {
    method: 'POST',
    path: api.webhookPaths.redrive,
    summary: 'Tries dead letters again, under their old numbers and ids',
    body: api.redriveBody,
    answer: api.redriveSchema,
    run: async (feeds, request) => {
      const { number } = parse(api.redriveBody, request.body)
      return { redriven: await feeds.redrive(idOf(request), number) }
    },
  },
]

function letterView({
  happening,
  ...death
}: ReturnType<Feeds['deadLetters']>[number]): api.DeadLetters['letters'][number] {
  const { number, id, name, case: about } = happening
  return { number, id, event: name, case: about, ...death }
}
