import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { Observation } from '@core/events/event'
import { World } from '@core/testing/world'
import { Worker } from './worker'

const runDir = mkdtempSync(join(tmpdir(), 'muster-lost-report-'))
afterEach(() => {
  vi.useRealTimers()
  rmSync(runDir, { recursive: true, force: true })
})

it('a report of a runner that was lost with its link is made again, though nothing else happens', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const world = new World()
  const nodeId = world.addNode('here')
  const id = world.declare()
  world.reconcile()
  const reports: Observation[] = []
  let arrives = false
  const worker = await Worker.start({
    ...{ nodeId, runDir, modelPath: () => undefined, suspects: { suspect: () => undefined } },
    python: () => ({ unavailable: 'Python is missing' }),
    source: { state: () => world.state, subscribe: () => () => undefined },
    observer: {
      observe: (event) => {
        reports.push(event)
        if (arrives) world.apply(event)
      },
    },
    log: { info: () => undefined, warn: () => undefined },
  })
  await expect.poll(() => reports.length).toBe(1)
  expect(world.status(id)).toBe('CONNECTING')
  arrives = true
  vi.advanceTimersByTime(4000)
  await expect.poll(() => reports.length).toBe(2)
  const [shard] = world.instance(id).shards
  expect(world.state.runners[shard?.runnerId ?? '']).toMatchObject({ errorMessage: 'Python is missing' })
  await worker.close()
})
