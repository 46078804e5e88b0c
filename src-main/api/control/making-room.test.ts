import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { GB, smallCard, World } from '@core/testing/world'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { instanceRoutes } from './instances'
import { metaInstanceRoutes } from './meta-instances'

const OTHER = ModelId.parse('m/other')
const otherCard = { ...smallCard, modelId: OTHER }

/** A machine with room for one model, which a request has loaded, and the API over it. */
const full = () => {
  const world = new World()
  world.addNode('mini', { free: 5 * GB })
  world.cards[OTHER] = { status: 'loaded', card: otherCard }
  const asked = world.declare('asked', { name: 'notes', onRequest: { idleSeconds: 300 } })
  world.reconcile()
  const { instanceId } = world.instance(asked)
  const context = {
    source: { state: () => world.state },
    catalogue: {
      find: () => ({ card: otherCard }),
      card: () => Promise.resolve({ status: 'loaded', card: otherCard }),
      unreadable: () => [],
      adapters: () => [],
    },
    commands: {
      submit: (command: Parameters<World['command']>[0]) => {
        world.command(command)
        return Promise.resolve({ status: 'done' })
      },
      reconciled: () => {
        world.reconcile()
        return Promise.resolve()
      },
    },
  } as unknown as ApiContext
  const app = new Hono().route('/', metaInstanceRoutes(context)).route('/', instanceRoutes(context))
  app.onError((error) => new Response(error.message, { status: error instanceof Problem ? error.status : 500 }))
  const ends = [{ modelId: smallCard.modelId, metaInstanceId: asked, name: 'notes', instanceIds: [instanceId] }]
  const ask = async (path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> => {
    const response = await app.request(path, init)
    const text = await response.text()
    return { status: response.status, body: response.ok ? (JSON.parse(text) as unknown) : text }
  }
  return { world, ask, ends }
}

const posted = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

describe('where a declaration fits once a temporary one has ended', () => {
  it('previews are placements, with what ends for them', async () => {
    const { ask, ends } = full()
    const { body } = await ask(`/instance/previews?modelId=${OTHER}`)
    const placed = { sharding: 'Pipeline', instanceMeta: 'MlxRing', nodeIds: ['mini'], ends }
    expect(body).toMatchObject({ previews: expect.arrayContaining([expect.objectContaining(placed)]) as unknown })
  })

  it('it is not refused when it is to be validated, and gets the memory', async () => {
    const { world, ask } = full()
    const { status, body } = await ask('/meta_instance?validate=true', posted({ modelId: OTHER }))
    expect(status).toBe(201)
    expect(body).toMatchObject({ modelId: OTHER })
    // One pass ends what gives way, the next places.
    world.reconcile()
    world.reconcile()
    expect(Object.values(world.state.instances).map(({ modelId }) => modelId)).toEqual([OTHER])
  })

  it('one that would need a machine of its own is refused all the same', async () => {
    const { ask } = full()
    const two = { modelId: OTHER, minNodes: 2 }
    expect(await ask('/meta_instance?validate=true', posted(two))).toMatchObject({ status: 400 })
  })

  it('its placement has what ends for it', async () => {
    const { world, ask, ends } = full()
    const id = world.declare('chat', { modelId: OTHER })
    expect(await ask(`/meta_instance/${id}/placement`)).toMatchObject({
      body: { placement: { claims: { mini: 4 * GB } }, ends },
    })
  })
})
