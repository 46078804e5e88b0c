import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Envelope, Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import { next } from '@core/events/next'
import type { NodeInfo } from '@core/state/nodes'
import { smallCard, World } from '@core/testing/world'
import { Presence } from './presence'

let world: World
let self: NodeId
let info: NodeInfo
let presence: Presence
/** Whether reports reach the state, or are lost with a link. */
let arrives: boolean
let reports: Observation[]
let subscriber: (envelope: Envelope) => void
let reset: () => void
beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  self = world.addNode('here')
  const { nodeId: _nodeId, ...known } = world.state.nodes[self] ?? { nodeId: self }
  info = known as NodeInfo
  arrives = true
  reports = []
  presence = new Presence({
    nodeId: self,
    source: {
      state: () => world.state,
      subscribe: (event, onReset = () => undefined) => {
        subscriber = event
        reset = onReset
        return () => undefined
      },
    },
    observer: {
      observe: (event) => {
        reports.push(event)
        if (arrives) world.apply(event)
      },
    },
  })
})
afterEach(() => {
  presence.close()
  vi.useRealTimers()
})

const happened = (event: Observation): void => {
  const envelope = next(world.state, event, world.now)
  world.apply(event)
  subscriber(envelope)
}
const model = { modelId: smallCard.modelId, card: smallCard } as unknown as Parameters<Presence['has']>[0][number]
const cannotRun = 'Python is missing'

describe('what a machine reports of itself', () => {
  it('is reported again where the report was lost', () => {
    arrives = false
    presence.is({ ...info, cannotRun })
    presence.has([model])
    expect(world.state.nodes[self]?.cannotRun).toBeUndefined()
    arrives = true
    vi.advanceTimersByTime(60_000)
    expect(world.state.nodes[self]?.cannotRun).toBe(cannotRun)
    expect(world.state.downloads[self]?.[smallCard.modelId]?.status).toBe('Complete')
    const count = reports.length
    vi.advanceTimersByTime(3_600_000)
    expect(reports).toHaveLength(count)
  })

  it('is reported at once where another master’s state lacks it', () => {
    arrives = false
    presence.is({ ...info, cannotRun })
    arrives = true
    reset()
    expect(world.state.nodes[self]?.cannotRun).toBe(cannotRun)
  })

  it('is reported less and less often to a master whose state never has it', () => {
    arrives = false
    presence.is({ ...info, cannotRun })
    vi.advanceTimersByTime(24 * 3_600_000)
    expect(reports.length).toBeLessThan(400)
    expect(reports.length).toBeGreaterThan(100)
  })

  it('is not reported after its goodbye, until it is back', () => {
    presence.is(info)
    happened({ type: 'NodeLeaving', nodeId: self, reason: 'sleep' })
    vi.advanceTimersByTime(3_600_000)
    expect(world.state.nodes[self]).toBeUndefined()
    reset()
    expect(world.state.nodes[self]).toBeDefined()
  })
})
