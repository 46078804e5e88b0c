import { z } from 'zod'
import { currentInstance, isReady, nodeName } from './bindings'
import type { Download } from './downloads'
import type { Instance } from './instances'
import type { MetaInstance } from './meta-instances'
import { neededDownloads } from './needed-models'
import { isRehearsal, REHEARSAL } from './rehearsal'
import type { Runner } from './runners'
import { readyReplicas, replicasOf } from './replicas'
import { isOffHours, offHoursText } from './scheduling'
import type { State } from './state'

/** Status word of a declaration. `statusOf` decides which one applies. */
export const MetaInstanceStatusWord = z.enum([
  'PAUSED',
  'OFF_HOURS',
  'PLACEMENT_FAILED',
  'PLACING',
  'READY',
  'RUNNING',
  'RETRYING',
  'DOWNLOADING',
  'LOADING',
  'WARMING_UP',
  'CONNECTING',
])
export type MetaInstanceStatusWord = z.infer<typeof MetaInstanceStatusWord>

/** `word` is for programs, `status` is the word with its retry count, `detail` is one line for people. */
export interface MetaInstanceStatus {
  readonly word: MetaInstanceStatusWord
  readonly status: string
  readonly detail: string
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** `Pipeline over at least 2 machines`. */
const strategyOf = ({ sharding, instanceMeta, minNodes }: MetaInstance): string =>
  `${sharding}${instanceMeta === 'MlxJaccl' ? ' over RDMA' : ''} over at least ${counted(minNodes, 'machine')}`

const status = (word: MetaInstanceStatusWord, detail: string, text: string = word): MetaInstanceStatus => ({
  word,
  status: text,
  detail,
})

const placing = (state: State, metaInstance: MetaInstance): MetaInstanceStatus => {
  const { lastFailureError, nextAttemptAt } = metaInstance
  const parts = [strategyOf(metaInstance)]
  if (lastFailureError !== undefined) parts.push(`after: ${lastFailureError}`)
  if (nextAttemptAt !== undefined && nextAttemptAt > state.lastEventAt) {
    parts.push(`next try in ${Math.ceil((nextAttemptAt - state.lastEventAt) / 1000)} s`)
  }
  if (parts.length === 1) parts.push('looking for machines')
  return status('PLACING', parts.join(' · '))
}

/** `WarmingUp` → `warming up`. */
const asWords = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()

/** Both numbers in the unit of the total: `3.1 of 8.0 GB`. */
const bytesOf = ({ downloadedBytes, totalBytes }: Download): string => {
  const [unit, size, digits] = totalBytes >= 1e9 ? (['GB', 1e9, 1] as const) : (['MB', 1e6, 0] as const)
  return `${(downloadedBytes / size).toFixed(digits)} of ${(totalBytes / size).toFixed(digits)} ${unit}`
}

const isUnderWay = (download: Download): boolean => download.status === 'Ongoing' || download.status === 'Failed'

const downloadText = (download: Download | undefined, name: string): string => {
  switch (download?.status) {
    case 'Ongoing': {
      const { bytesPerSecond } = download
      const speed = bytesPerSecond === undefined ? '' : `, ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`
      return `${bytesOf(download)} on ${name}${speed}`
    }
    case 'Failed':
      return `downloading on ${name} is tried again after: ${download.error ?? 'it failed'}`
    case undefined:
    case 'Pending':
    case 'Complete':
      return `downloading on ${name}`
  }
}

const layersLine = (state: State, instance: Instance, runners: readonly Runner[]): string =>
  runners
    .map((runner) => {
      const name = nodeName(state, runner.nodeId)
      switch (runner.status) {
        case 'Loading':
          return `${runner.layersLoaded} of ${runner.layers} layers on ${name}`
        case 'Downloading':
          return downloadText(neededDownloads(state, instance, runner.nodeId).find(isUnderWay), name)
        default:
          return `${asWords(runner.status)} on ${name}`
      }
    })
    .join(' · ')

/** The instance's machines, marked if it is a rehearsal. */
const machinesOf = (state: State, instance: Instance): string => {
  const names = instance.shards.map(({ nodeId }) => nodeName(state, nodeId)).join(', ')
  return isRehearsal(instance) ? `${names} (${REHEARSAL})` : names
}

const starting = (state: State, instance: Instance): MetaInstanceStatus => {
  const runners = instance.shards.flatMap(({ runnerId }) => state.runners[runnerId] ?? [])
  const any = (word: Runner['status']) => runners.some((runner) => runner.status === word)
  if (any('Downloading')) return status('DOWNLOADING', layersLine(state, instance, runners))
  if (any('Loading')) return status('LOADING', layersLine(state, instance, runners))
  if (any('WarmingUp')) return status('WARMING_UP', layersLine(state, instance, runners))
  return status('CONNECTING', `starting on ${machinesOf(state, instance)}`)
}

/**
 * Returns the status of a declaration: a pure function of the state, first match wins.
 *
 * @param instance the declaration's current instance, if the caller has it from `currentInstances`
 */
export const statusOf = (
  state: State,
  metaInstance: MetaInstance,
  instance: Instance | undefined = currentInstance(state, metaInstance.metaInstanceId),
): MetaInstanceStatus => {
  const { consecutiveFailures, lastFailureError, placementError } = metaInstance
  if (metaInstance.paused) return status('PAUSED', 'not in memory')
  if (isOffHours(metaInstance)) return status('OFF_HOURS', offHoursText(metaInstance))
  if (!instance) {
    return placementError ? status('PLACEMENT_FAILED', placementError.reason) : placing(state, metaInstance)
  }
  const wantsSeveral = replicasOf(metaInstance) > 1
  if (isReady(state, instance)) {
    const { ready, wanted } = wantsSeveral ? readyReplicas(state, metaInstance) : { ready: [instance], wanted: 1 }
    const busy = ready.some(({ shards }) =>
      shards.some(({ runnerId }) => state.runners[runnerId]?.status === 'Running'),
    )
    const parts = [`on ${ready.map((one) => machinesOf(state, one)).join('; ')}`]
    if (wanted > 1) parts.unshift(`${ready.length} of ${wanted} ready`)
    if (wanted > ready.length && placementError) parts.push(placementError.reason)
    if (lastFailureError !== undefined) parts.push(`re-created after: ${lastFailureError}`)
    return status(busy ? 'RUNNING' : 'READY', parts.join(' · '))
  }
  const progress = starting(state, instance)
  const { maxRetries } = state.settings
  if (consecutiveFailures >= 1 && consecutiveFailures <= maxRetries) {
    const detail = `${lastFailureError ?? 'Runner failed'} · ${progress.detail}`
    return status('RETRYING', detail, `RETRYING (${consecutiveFailures}/${maxRetries})`)
  }
  return lastFailureError === undefined
    ? progress
    : { ...progress, detail: `${progress.detail} · re-created after: ${lastFailureError}` }
}
