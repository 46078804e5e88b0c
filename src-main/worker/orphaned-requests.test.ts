import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '@core/generation/request'
import { InstanceId, ModelId, NodeId, RunnerId, TaskId } from '@core/ids'
import type { Instance } from '@core/state/instances'
import { emptyState, type State } from '@core/state/state'
import { OrphanedRequests } from './orphaned-requests'

const request: GenerationRequest = {
  taskId: TaskId.parse('task'),
  modelId: ModelId.parse('muster/tiny'),
  prompt: { kind: 'text', text: 'poison' },
  sampling: {},
  stop: [],
}
const [first, second] = [RunnerId.parse('rank 0'), RunnerId.parse('rank 1')]
const instanceId = InstanceId.parse('both')
const instance = {
  instanceId,
  shards: [
    { rank: 0, runnerId: first, nodeId: NodeId.parse('mini') },
    { rank: 1, runnerId: second, nodeId: NodeId.parse('studio') },
  ],
} as unknown as Instance
const crashed = { status: 'Failed', errorMessage: 'ended by SIGSEGV', ofWork: true } as const
const report = { type: 'RunnerStatusUpdated', runnerId: second } as const

const start = (runners: State['runners'] = {}) => {
  const state = { ...emptyState(), runners }
  const suspected: unknown[] = []
  const orphaned = new OrphanedRequests({
    state: () => state,
    suspect: (requests, cause) => suspected.push([requests, cause]),
  })
  return { orphaned, suspected }
}

const BLAMED = [[[request], expect.stringContaining('ended by SIGSEGV')]]

describe('requests of rank 0 that failed because another rank was gone', () => {
  it('are suspects if that rank died of its computation, whether its machine reports that before or after', () => {
    const late = start()
    late.orphaned.add(instance, [request])
    expect(late.suspected).toEqual([])
    late.orphaned.take({ ...report, ...crashed })
    late.orphaned.take({ ...report, ...crashed })
    expect(late.suspected).toEqual(BLAMED)

    const known = { [second]: { ...crashed, nodeId: NodeId.parse('studio'), instanceId, since: 0 } }
    const early = start(known)
    early.orphaned.add(instance, [request])
    expect(early.suspected).toEqual(BLAMED)
  })

  it('are not suspects if it was killed, lost, or of another attempt', () => {
    const { orphaned, suspected } = start()
    orphaned.add(instance, [request])
    orphaned.take({ ...report, status: 'Failed', errorMessage: 'killed by SIGKILL' })
    orphaned.take({ ...report, ...crashed, runnerId: RunnerId.parse('another') })
    orphaned.take({ type: 'InstanceDeleted', instanceId })
    orphaned.take({ ...report, ...crashed })
    expect(suspected).toEqual([])
  })
})
