import { describe, expect, it } from 'vitest'
import { TaskId } from '../ids'
import type { Task } from '../state/tasks'
import { readyWorld } from '../testing/world'
import { takenTaskReports, type Ending } from './taken-tasks'

const taken = () => {
  const { world, id } = readyWorld()
  const [mine, other] = [world.addNode('laptop'), world.addNode('other')]
  const { instanceId } = world.instance(id)
  const task = (name: string, takenBy = mine): Task => {
    const taskId = TaskId.parse(name)
    return { taskId, instanceId, kind: 'generation', takenBy, status: 'Running', createdAt: 0 }
  }
  const tell = (...tasks: Task[]) => world.apply(...tasks.map((one) => ({ type: 'TaskCreated', task: one }) as const))
  const byId = (...tasks: Task[]) => new Map(tasks.map((one) => [one.taskId, one]))
  return { world, id, mine, other, task, tell, byId }
}

describe('the reports of a node on the tasks it accepted', () => {
  it('end those that an earlier run of its process accepted, and no others', () => {
    const { world, mine, other, task, tell, byId } = taken()
    const now = task('now')
    const { takenBy: _nobody, ...nobodys } = task('nobodys')
    tell(task('before'), now, task('others', other), nobodys)
    const reports = takenTaskReports(world.state, mine, { underWay: byId(now) })
    expect(reports).toEqual([{ type: 'TaskStatusUpdated', taskId: 'before', status: 'Cancelled' }])
    expect(takenTaskReports(world.apply(...reports).state, mine, { underWay: byId(now) })).toEqual([])
  })

  it('have the endings of tasks that the state still has as running', () => {
    const { world, mine, task, tell, byId } = taken()
    const over = task('over')
    tell(over)
    const ending: Ending = { type: 'TaskFailed', taskId: over.taskId, error: 'out of memory' }
    const endings = new Map([[over.taskId, ending]])
    expect(takenTaskReports(world.state, mine, { underWay: byId(), endings })).toEqual([ending])
  })

  it('have which tasks wait and which run, if the state differs', () => {
    const { world, mine, task, tell, byId } = taken()
    const queued: Task = { ...task('queued'), status: 'Pending' }
    tell(task('answered'), task('queued'))
    const underWay = byId(task('answered'), queued)
    const reports = takenTaskReports(world.state, mine, { underWay })
    expect(reports).toEqual([{ type: 'TaskStatusUpdated', taskId: 'queued', status: 'Pending' }])
    expect(takenTaskReports(world.apply(...reports).state, mine, { underWay })).toEqual([])
  })

  it('tell a new master about the running tasks, unless their instance is gone', () => {
    const { world, id, mine, task, byId } = taken()
    const now = task('now')
    const reports = takenTaskReports(world.state, mine, { underWay: byId(now) })
    expect(world.apply(...reports).state.tasks).toEqual({ now })
    const { instanceId } = world.instance(id)
    world.apply({ type: 'TaskDeleted', taskId: now.taskId }, { type: 'InstanceDeleted', instanceId })
    expect(takenTaskReports(world.state, mine, { underWay: byId(now) })).toEqual([])
  })
})
