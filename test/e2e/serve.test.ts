import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.ts'
import { startServe, writeConfiguration } from '../support/serve-process.ts'

const greeted = 'try in another terminal'

async function served(more: object = {}) {
  const directory = await writeConfiguration(more)
  const process = startServe(directory)
  await process.printed('stdout', greeted)
  const config = join(directory, 'postern.yaml')
  return {
    process,
    directory,
    config,
    cli: (...args: string[]) => runCli([...args, '--config', config]),
  }
}

test('serve prints its URLs, answers health and drains on SIGTERM', async () => {
  const { process, directory, cli } = await served()
  const admin = /(http:\/\/[\d.:]+)\/metrics/.exec(process.stdout())?.[1] ?? ''
  const ready = await request(`${admin}/readyz`)
  expect({ status: ready.statusCode, json: await ready.body.json() }).toMatchObject({
    status: 200,
    json: { status: 'ready' },
  })
  expect(await (await request(`${admin}/metrics`)).body.text()).toContain('postern_queue_length 0')
  expect(await cli('health')).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await cli('reports', 'list')).toMatchObject({ exitCode: 0, stdout: 'no reports\n' })
  expect(await process.stop('SIGTERM')).toBe(0)
  expect(existsSync(join(directory, 'data/control.sock'))).toBe(false)
  expect(process.stderr()).toContain('"event":"gateway.stopped"')
})

test('a reload takes what is right, refuses what is wrong, and says what needs a restart', async () => {
  const { process, config, cli } = await served()
  const good = readFileSync(config, 'utf8')
  const written = JSON.parse(good) as Record<string, unknown>
  const peers = { 'b.example': { allow: true } }
  writeFileSync(config, JSON.stringify({ ...written, peers, rooms: { profile: 'enterprise' } }))
  expect(await cli('reload')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('needs a restart: rooms') as unknown,
  })
  writeFileSync(config, JSON.stringify({ ...written, peers: { 'b.example': {} } }))
  process.child.kill('SIGHUP')
  await process.printed('stderr', 'configuration.refused')
  await process.printed('stderr', 'peers["b.example"].allow: expected true or false')
  writeFileSync(config, good)
  process.child.kill('SIGHUP')
  await process.printed('stderr', 'configuration.applied')
  expect(await process.stop('SIGINT')).toBe(0)
})

test('a second server on the same data directory does not start', async () => {
  const { process, directory } = await served()
  const second = startServe(directory)
  await second.printed('stderr', 'socket-in-use')
  expect(await process.stop('SIGTERM')).toBe(0)
})

test('a configuration that is wrong is explained and nothing is created', async () => {
  const directory = await writeConfiguration({ limits: { drainMs: 0 } })
  const process = startServe(directory)
  const stderr = await process.printed('stderr', 'limits.drainMs')
  expect(stderr).toMatch(/^postern\.yaml:1 limits\.drainMs: expected milliseconds/)
  expect(existsSync(join(directory, 'data'))).toBe(false)
})
