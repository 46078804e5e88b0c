import { describe, expect, it } from 'vitest'
import type { ApiContext } from '../context'
import { modelRoutes } from './models'

const [here, there] = ['a'.repeat(64), 'b'.repeat(64)]

/** Starts a download and returns the machines that were told to. */
const downloading = async (init: RequestInit): Promise<string[]> => {
  const started: string[] = []
  const context = {
    nodeId: here,
    source: { state: () => ({ members: { [here]: {}, [there]: {} } }) },
    downloads: {
      start: (_modelId: string, nodeId: string) => {
        started.push(nodeId)
        return Promise.resolve()
      },
    },
  } as unknown as ApiContext
  const routes = modelRoutes(context)
  const { status } = await routes.request('/models/owner/model/download', { method: 'POST', ...init })
  expect(status).toBe(202)
  return started
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
})
