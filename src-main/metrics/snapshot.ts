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
  const instances = currentInstances(state)
  const declared = Object.values(state.metaInstances).map((one) => {
    const { metaInstanceId: id, name = '', modelId: model } = one
    return { labels: { id, name, model }, word: statusOf(state, one, instances.get(id)).word }
  })
  gauges.ready.rewrite(
    declared.map(({ labels, word }) => ({ labels, value: word === 'READY' || word === 'RUNNING' ? 1 : 0 })),
  )
  const statuses = declared.map(({ word }) => word)
  for (const [status, count] of tally(STATUSES.meta, statuses)) gauges.declared.set({ status }, count)
  const tasks = Object.values(state.tasks).map(({ status }) => status)
  for (const [status, count] of tally(STATUSES.task, tasks)) gauges.tasks.set({ status }, count)
  gauges.requests.set({ status: 'running' }, live.running)
  gauges.requests.set({ status: 'waiting' }, live.waiting)
  const machines = Object.values(state.nodes)
  gauges.available.rewrite(
    machines.map(({ nodeId: node, memory }) => ({ labels: { node }, value: memory.ramAvailable })),
  )
  gauges.memory.rewrite(
    machines.flatMap(({ nodeId: node, memory: { ramTotal, ramAvailable, heldByRunners } }) => {
      const name = state.members[node]?.friendlyName ?? ''
      const other = Math.max(0, ramTotal - ramAvailable - heldByRunners)
      return [
        { labels: { node, name, use: 'free' }, value: ramAvailable },
        { labels: { node, name, use: 'runners' }, value: heldByRunners },
        { labels: { node, name, use: 'other' }, value: other },
      ]
    }),
  )
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
