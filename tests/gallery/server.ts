import { once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { previews } from '@core/placement/previews'
import type { Event } from '@core/events/event'
import { NodeId } from '@core/ids'
import { departures } from '@core/reconcile/index'
import type { ClusterView } from '@core/protocols/cluster'
import type { SetupView } from '@core/protocols/setup'
import { next } from '@core/events/next'
import { SETUP_BEGINNING, SetupProgress } from '@core/settings/setup-progress'
import { PlacementPreference } from '@core/state/meta-instances'
import { staticRoutes } from '@main/api/static-files'
import { listedKeys } from './keys'
import type { Scene } from './scene'

export interface Gallery {
  readonly url: string
  /** These happen now; whoever looks is told. */
  emit(...events: readonly Event[]): void
  close(): Promise<void>
}

interface Serving {
  /** The folder of the built app. */
  readonly app: string
  /** The time, in ms since 1970. */
  readonly now?: () => number
}

/** Serves the built app with a cluster that stands still, so that it can be looked at. */
export const serveScene = async (scene: Scene, { app: directory, now = Date.now }: Serving): Promise<Gallery> => {
  const { world, models, unreadable, onHub } = scene
  const listeners = new Set<(data: string) => void>()
  const routes = new Hono()
  let setup: SetupView = { offered: false, python: { status: 'ready' }, ...scene.setup }
  const view = (): ClusterView => {
    const { members, nodes, masterNodeId } = world.state
    const nodeId = NodeId.parse(Object.keys(members)[0])
    return {
      nodeId,
      clusterId: 'gallery',
      name: 'Muster',
      role: 'master',
      ...(masterNodeId !== undefined && { masterNodeId }),
      members: Object.values(members).map((member) => ({
        nodeId: member.nodeId,
        friendlyName: member.friendlyName,
        linked: member.nodeId in nodes,
        duplicated: false,
      })),
      nearby: [],
      asking: [],
      ...scene.beside,
    }
  }
  routes.get('/events', (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: JSON.stringify({ kind: 'snapshot', state: world.state }) })
      await stream.writeSSE({ event: 'cluster', data: JSON.stringify(view()) })
      const listener = (data: string): void => void stream.write(data)
      listeners.add(listener)
      await new Promise<void>((resolve) => stream.onAbort(resolve))
      listeners.delete(listener)
    }),
  )
  routes.post('/cluster/join', (c) => c.json({ ...view(), joining: scene.joins }, 202))
  routes.get('/cluster/what-if', (c) =>
    c.json({
      machines: Object.values(world.state.members).map(({ nodeId, friendlyName }) => ({
        nodeId,
        friendlyName,
        declarations: departures(world.state, nodeId, world.cards),
      })),
    }),
  )
  routes.get('/cluster/doctor', (c) => c.json(scene.findings))
  routes.post('/cluster/invite', (c) =>
    c.json({ token: `muster1.${'eyJjbHVzdGVySWQiOiJnYWxsZXJ5Iiwi'.repeat(9)}`, expiresAt: now() + 580_000 }, 201),
  )
  routes.get('/node/settings', (c) =>
    c.json({
      settings: {
        ...{ loadOnRequest: 'auto', onRequestIdleSeconds: 300, diskCacheGigabytes: 20, servesNetwork: false },
        ...{ downloadBytesPerSecond: 0, keepFreeGigabytes: 1, hub: 'huggingface' },
      },
      fixed: [],
      hubTokenSaved: false,
      loadsOnRequest: true,
      servesNetworkNow: false,
    }),
  )
  routes.get('/node/setup', (c) => c.json(setup))
  routes.patch('/node/setup', async (c) => {
    const changes = await c.req.json<object>()
    const progress = SetupProgress.parse({ ...SETUP_BEGINNING, ...setup.progress, ...changes })
    setup = { ...setup, progress }
    return c.json(setup)
  })
  routes.get('/node/python/events', (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: JSON.stringify({ kind: 'view', view: setup.python }) })
      await stream.writeSSE({ data: JSON.stringify({ kind: 'output', text: scene.printed }) })
      await new Promise<void>((resolve) => stream.onAbort(resolve))
    }),
  )
  routes.get('/models', (c) => c.json({ models, unreadable }))
  routes.get('/models/search', (c) => c.json({ hub: 'huggingface.co', models: onHub }))
  routes.get('/health', (c) =>
    c.json({ status: 'ok', role: 'master', version: '0.1.0', nodeId: Object.keys(world.state.members)[0], term: 1 }),
  )
  routes.get('/api_keys', (c) => c.json(listedKeys(now())))
  routes.get('/instance/previews', (c) => {
    const { modelId, nodeIds, minNodes, maxContext, placementPreference } = c.req.query()
    const card = models.find((model) => model.modelId === modelId)?.card
    if (!card) return c.json({ error: { code: 'unknown_model', message: 'No such model' } }, 400)
    return c.json({
      previews: previews(world.state, card, {
        makingRoom: true,
        nodeIds: nodeIds?.split(',').map((id) => NodeId.parse(id)),
        placementPreference: PlacementPreference.optional().parse(placementPreference),
        minNodes: minNodes === undefined ? undefined : Number(minNodes),
        maxContext: maxContext === undefined ? undefined : Number(maxContext),
      }),
    })
  })
  routes.get('/meta_instance/:id/history', (c) => {
    const id = c.req.param('id')
    const ofIt = world.log.filter(
      (event) => JSON.stringify(event).includes(`"${id}"`) && !event.type.startsWith('Runner'),
    )
    return c.json({
      events: ofIt.map((event, at) => ({ v: 1, index: at + 1, term: 1, at: now() - 1000 * 60 * at, event })),
    })
  })
  routes.route('/', staticRoutes(directory))
  routes.all('*', (c) =>
    c.json(
      {
        error: {
          code: 'picture',
          message: 'This is only a picture of a cluster',
          hint: 'Start a node to change something.',
        },
      },
      409,
    ),
  )
  const server = createAdaptorServer({ fetch: routes.fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    emit: (...events) => {
      const told = events.map((event) => {
        const envelope = next(world.state, event, now())
        world.apply(event)
        return `data: ${JSON.stringify({ kind: 'event', envelope })}\n\n`
      })
      for (const listener of listeners) listener(told.join(''))
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
