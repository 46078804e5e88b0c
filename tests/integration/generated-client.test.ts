import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import openapiTS, { astToString } from 'openapi-typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addTinyModel, TINY } from '../harness/models'
import { root } from '../harness/paths'
import { startServing, type ServingNode } from '../harness/serving'

const run = promisify(execFile)

/** What somebody would write against the generated types. */
const PROGRAM = `
import createClient from 'openapi-fetch'
import type { paths } from './schema'

export const tour = async (baseUrl: string, modelId: string) => {
  const client = createClient<paths>({ baseUrl })
  const declared = await client.POST('/meta_instance', { body: { modelId, name: 'second', paused: true } })
  if (!declared.data) throw new Error(declared.error.error.message)
  const { metaInstanceId, status } = declared.data
  const one = { params: { path: { id: metaInstanceId } } }
  const renamed = await client.PATCH('/meta_instance/{id}', { ...one, body: { name: 'third' } })
  const listed = await client.GET('/meta_instances')
  const names = listed.data?.metaInstances.map(({ name }) => name)
  await client.DELETE('/meta_instance/{id}', one)
  const gone = await client.GET('/meta_instance/{id}', one)
  const answer = await client.POST('/v1/chat/completions', {
    body: { model: modelId, messages: [{ role: 'user', content: 'hello' }], max_tokens: 4 },
  })
  const choices = (answer.data as { choices: unknown[] }).choices.length
  return { status, renamed: renamed.data?.name, names, gone: gone.error?.error.code, choices }
}
`

/** The same program with a field of another kind. */
const WRONG = PROGRAM.replace('paused: true', "paused: 'yes'")

const SETTINGS = {
  compilerOptions: {
    ...{ target: 'es2022', module: 'esnext', moduleResolution: 'bundler', strict: true, noEmit: true },
    // The client's own types name the DOM's.
    ...{ lib: ['es2022', 'dom', 'dom.iterable'], types: [], skipLibCheck: true },
  },
  files: ['right.ts', 'wrong.ts'],
}

describe('a TypeScript client made from the OpenAPI document', () => {
  // Inside the repository, where its packages are found.
  const folder = join(root, '.cache', 'generated-client')
  let serving: ServingNode
  beforeAll(async () => {
    serving = await startServing({ modelId: TINY, add: (dataDir) => addTinyModel(dataDir) })
    mkdirSync(folder, { recursive: true })
    const response = await serving.control.request('/openapi.json')
    const document = (await response.json()) as Parameters<typeof openapiTS>[0]
    writeFileSync(join(folder, 'schema.ts'), astToString(await openapiTS(document, { defaultNonNullable: false })))
    writeFileSync(join(folder, 'right.ts'), PROGRAM)
    writeFileSync(join(folder, 'wrong.ts'), WRONG)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS))
  })
  afterAll(async () => {
    await serving.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('compiles where it keeps to the document, and says where it does not', async () => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch((error: { stdout: string }) => error)
    expect(stdout).toMatch(/^[^\n]*wrong\.ts\(\d+,\d+\): error [^\n]*Type 'string' is not assignable to type 'boolean/)
    expect(stdout.match(/: error /g)).toHaveLength(1)
  })

  it('declares, changes, lists and deletes, and gets an answer', async () => {
    const { tour } = (await import(join(folder, 'right.ts'))) as {
      tour: (url: string, modelId: string) => Promise<unknown>
    }
    expect(await tour(serving.node.url, TINY)).toEqual({
      ...{ status: 'PAUSED', renamed: 'third', gone: 'not_found', choices: 1 },
      names: expect.arrayContaining(['third']) as unknown,
    })
  })
})

describe('the examples of /docs', () => {
  let serving: ServingNode
  beforeAll(async () => {
    serving = await startServing({ modelId: TINY, add: (dataDir) => addTinyModel(dataDir) })
  })
  afterAll(() => serving.stop())

  it('all run as they stand, and succeed', async () => {
    const page = await (await serving.control.request('/docs')).text()
    const commands = [...page.matchAll(/<pre>([^<]*)<\/pre>/g)].map(([, text = '']) =>
      text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? ''),
    )
    expect(commands.length).toBeGreaterThan(30)
    const failed: string[] = []
    for (const command of commands) {
      const { stdout } = await run('sh', ['-c', `${command} -o /dev/null -w '%{http_code}'`])
      if (!/^20[012]$/.test(stdout)) failed.push(`${stdout}: ${command}`)
    }
    // This node was told to ask no hub.
    expect(failed).toEqual([`409: curl -s '${serving.node.url}/models/search?q=qwen3'`])
  })
})

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
