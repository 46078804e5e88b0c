import { flushSync } from 'svelte'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Event } from '@core/events/event'
import { MAX_ENDED_TASKS } from '@core/fold/index'
import { TaskId } from '@core/ids'
import { next } from '@core/events/next'
import { readyWorld } from '@core/testing/world'
import { FakeApi, FakeStream } from '../testing/fake-api'
import { EventFeed } from '../feed/event-feed'
import { Cluster } from './cluster.svelte'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const REQUESTS = 500

it('a thousand events at once cause one rendering, and only where their changes are shown', async () => {
  const { world, id } = readyWorld()
  const { instanceId } = world.instance(id)
  const stream = new FakeStream()
  const cluster = new Cluster({ feed: new EventFeed(new FakeApi().next(stream.response)) })
  stream.send({ kind: 'snapshot', state: world.state })
  await vi.advanceTimersByTimeAsync(20)

  const drawn = { tasks: 0, nodes: 0, cards: 0 }
  const stop = $effect.root(() => {
    $effect(() => void (drawn.tasks += Object.keys(cluster.state.tasks).length >= 0 ? 1 : 0))
    $effect(() => void (drawn.nodes += Object.keys(cluster.state.nodes).length > 0 ? 1 : 0))
    const card = $derived(cluster.state.metaInstances[id])
    $effect(() => void (drawn.cards += card === undefined ? 0 : 1))
  })
  flushSync()
  expect(drawn).toEqual({ tasks: 1, nodes: 1, cards: 1 })

  const send = (event: Event): void => {
    const envelope = next(world.state, event, world.now)
    world.apply(event)
    stream.send({ kind: 'event', envelope })
  }
  for (let at = 0; at < REQUESTS; at += 1) {
    const taskId = TaskId.parse(`task-${at}`)
    const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
    send({ type: 'TaskCreated', task })
    send({ type: 'TaskStatusUpdated', taskId, status: 'Complete' })
  }
  await vi.advanceTimersByTimeAsync(20)
  flushSync()
  expect(Object.keys(cluster.state.tasks)).toHaveLength(MAX_ENDED_TASKS)
  expect(drawn).toEqual({ tasks: 2, nodes: 1, cards: 1 })
  stop()
  cluster.close()
})
