import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import type { ClusterView } from '@core/protocols/cluster'
import { streamClusterView } from './cluster-view'
import { eventStreamTo } from './event-stream'

it('the view of a cluster that keeps changing is not collected for a client that does not read it', async () => {
  const out = new PassThrough()
  const closed = new Promise((resolve) => out.on('close', resolve))
  const listeners = new Set<() => void>()
  let changes = 0
  const cluster = {
    view: () => ({ text: 'x'.repeat(1000), changes }) as unknown as ClusterView,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  streamClusterView(cluster, eventStreamTo(out, 100_000))
  for (; changes < 1000; changes += 1) for (const listener of listeners) listener()
  await closed
  expect(listeners.size).toBe(0)
})
