import { describe, expect, it } from 'vitest'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { modelRoutes } from './models'

const [here, there] = ['a'.repeat(64), 'b'.repeat(64)]

interface Downloading {
  readonly status: number
  /** The machines that were told to, and what. */
  readonly started: readonly (readonly [nodeId: string, modelId: string])[]
}

const post = async (path: string, init: RequestInit): Promise<Downloading> => {
  const started: [string, string][] = []
  const context = {
    nodeId: here,
    source: { state: () => ({ members: { [here]: {}, [there]: {} } }) },
    downloads: {
      start: (modelId: string, nodeId: string) => {
        started.push([nodeId, modelId])
        return Promise.resolve()
      },
    },
  } as unknown as ApiContext
  const routes = modelRoutes(context)
  routes.onError((error) => new Response(error.message, { status: error instanceof Problem ? error.status : 500 }))
  const { status } = await routes.request(path, { method: 'POST', ...init })
  return { status, started }
}

/** Starts a download and returns the machines that were told to. */
const downloading = async (init: RequestInit): Promise<string[]> => {
  const { status, started } = await post('/models/owner/model/download', init)
  expect(status).toBe(202)
  return started.map(([nodeId]) => nodeId)
}

describe('a download', () => {
  it('goes to this machine where no other is named', async () => {
    expect(await downloading({})).toEqual([here])
  })

  it('goes to the machine that its body names, also where no header gives the length of the body', async () => {
    const body = JSON.stringify({ nodeId: there })
    expect(await downloading({ body, headers: { 'content-length': String(body.length) } })).toEqual([there])
    expect(await downloading({ body })).toEqual([there])
  })

  it('is also of the model that the body of POST /models names, to a member alone', async () => {
    const adding = (json: object) => post('/models', { body: JSON.stringify(json) })
    expect(await adding({ modelId: 'owner/model' })).toEqual({ status: 202, started: [[here, 'owner/model']] })
    expect(await adding({ model_id: 'owner/model', node_id: there })).toMatchObject({
      started: [[there, 'owner/model']],
    })
    expect(await adding({ modelId: 'owner/model', nodeId: 'c'.repeat(64) })).toEqual({ status: 404, started: [] })
    expect(await adding({})).toEqual({ status: 400, started: [] })
    expect(await adding({ modelId: 'owner/model', quickly: true })).toEqual({ status: 400, started: [] })
  })
})
