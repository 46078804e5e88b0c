import { describe, expect, it } from 'vitest'
import { TaskId } from '@core/ids'
import { readyWorld } from '@core/testing/world'
import { servingLine, sparkline } from './serving'

describe('the load of an instance', () => {
  it('is the mean speed of the last minute and the current requests', () => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    const speeds = [30, 40, undefined]
    for (const [at, tokensPerSecond] of speeds.entries()) {
      const taskId = TaskId.parse(`t${at}`)
      const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
      world.apply({ type: 'TaskCreated', task })
      if (tokensPerSecond !== undefined)
        world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete', measured: { tokensPerSecond } })
    }
    expect(servingLine(world.state, [world.instance(id)])).toBe('35 tokens/s · 1 request')
  })

  it('is drawn as a line from the first speed to the last, the fastest on top', () => {
    expect(sparkline([10, 20], { width: 60, height: 10 })).toBe('M0.0 10.0L60.0 0.0')
  })

  it('is drawn flat if speeds hardly differ, and not at all with a single one', () => {
    expect(sparkline([30, 30.03], { width: 60, height: 10 })).toBe('M0.0 10.0L60.0 9.9')
    expect(sparkline([30], { width: 60, height: 10 })).toBeUndefined()
  })
})
