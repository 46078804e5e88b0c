import { currentInstances } from '@core/state/bindings'
import { statusOf } from '@core/state/status'
import type { State } from '@core/state/state'
import { STATUSES, type Gauges } from './instruments'

/** Requests on this machine now, of instances whose rank 0 it runs. */
export interface LiveRequests {
  readonly running: number
  readonly waiting: number
}

export interface SnapshotInputs {
  readonly state: State
  readonly live: LiveRequests
  readonly isMaster: boolean
}

const DOWNLOADS = ['Pending', 'Ongoing', 'Complete', 'Failed'] as const

const tally = <Key extends string>(keys: readonly Key[], found: Iterable<Key>): ReadonlyMap<Key, number> => {
  const counts = new Map(keys.map((key): [Key, number] => [key, 0]))
  for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** Sets every gauge from the state, and removes series of what no longer exists. */
export const setGauges = (gauges: Gauges, { state, live, isMaster }: SnapshotInputs): void => {
  for (const gauge of [gauges.ready, gauges.memory, gauges.available]) gauge.reset()
  const instances = currentInstances(state)
  const statuses = Object.values(state.metaInstances).map((one) => {
    const { word } = statusOf(state, one, instances.get(one.metaInstanceId))
    const { metaInstanceId: id, name = '', modelId: model } = one
    gauges.ready.set({ id, name, model }, word === 'READY' || word === 'RUNNING' ? 1 : 0)
    return word
  })
  for (const [status, count] of tally(STATUSES.meta, statuses)) gauges.declared.set({ status }, count)
  const tasks = Object.values(state.tasks).map(({ status }) => status)
  for (const [status, count] of tally(STATUSES.task, tasks)) gauges.tasks.set({ status }, count)
  gauges.requests.set({ status: 'running' }, live.running)
  gauges.requests.set({ status: 'waiting' }, live.waiting)
  for (const { nodeId: node, memory } of Object.values(state.nodes)) {
    const { ramTotal, ramAvailable, heldByRunners } = memory
    const name = state.members[node]?.friendlyName ?? ''
    gauges.available.set({ node }, ramAvailable)
    gauges.memory.set({ node, name, use: 'free' }, ramAvailable)
    gauges.memory.set({ node, name, use: 'runners' }, heldByRunners)
    gauges.memory.set({ node, name, use: 'other' }, Math.max(0, ramTotal - ramAvailable - heldByRunners))
  }
  const downloads = Object.values(state.downloads).flatMap((models) => Object.values(models))
  for (const [status, count] of tally(
    DOWNLOADS,
    downloads.map(({ status }) => status),
  ))
    gauges.downloads.set({ status }, count)
  gauges.downloadRate.set(
    downloads.reduce((sum, { status, bytesPerSecond = 0 }) => sum + (status === 'Ongoing' ? bytesPerSecond : 0), 0),
  )
  const there = Object.keys(state.members).filter((nodeId) => nodeId in state.nodes).length
  gauges.members.set({ state: 'connected' }, there)
  gauges.members.set({ state: 'away' }, Object.keys(state.members).length - there)
  gauges.isMaster.set(isMaster ? 1 : 0)
  gauges.term.set(state.term)
  gauges.lastEvent.set(state.lastEventIndex)
}
