import { currentInstance, isReady, nodeName } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { MetaInstance } from '@core/state/meta-instances'
import type { Runner } from '@core/state/runners'
import type { State } from '@core/state/state'
import { statusOf, strategyOf } from '@core/state/status'
import { isLive } from '@core/state/tasks'
import type { MetaInstanceStatusWord } from '@core/protocols/control'
import { counted, speedText } from '../../state/text'

export type Tone = 'ready' | 'working' | 'waiting' | 'retrying' | 'failed'

/** What a card shows of a declaration. */
export interface CardView {
  readonly machineWord: MetaInstanceStatusWord
  readonly word: string
  readonly tone: Tone
  /** One line of truth about now. */
  readonly line: string
  /** Its last failure, until it has recovered. */
  readonly failure: string | undefined
  /** From 0 to 1 while it loads. */
  readonly progress: number | undefined
  readonly machines: readonly { readonly nodeId: string; readonly name: string; readonly status: string }[]
  readonly requests: number
}

const runnersOf = (state: State, instance: Instance): Runner[] =>
  instance.shards.flatMap(({ runnerId }) => state.runners[runnerId] ?? [])

const stage = (runner: Runner | undefined): string => {
  switch (runner?.status) {
    case undefined:
    case 'Idle':
    case 'Connecting':
      return 'starting'
    case 'Downloading':
      return 'downloading'
    case 'Loading':
      return `layer ${runner.layersLoaded} of ${runner.layers}`
    case 'WarmingUp':
      return 'warming up'
    case 'Ready':
      return 'ready'
    case 'Running':
      return 'answering'
    case 'ShuttingDown':
    case 'Shutdown':
      return 'stopping'
    case 'Failed':
      return 'failed'
  }
}

const loadingLine = (state: State, instance: Instance): string =>
  instance.shards
    .map(({ runnerId, nodeId }) => {
      const runner = state.runners[runnerId]
      const what =
        runner?.status === 'Loading'
          ? `Loading layers ${runner.layersLoaded} of ${runner.layers}`
          : capital(stage(runner))
      return `${what} on ${nodeName(state, nodeId)}`
    })
    .join(' · ')

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const progressOf = (state: State, instance: Instance): number => {
  const parts = instance.shards.map(({ runnerId }) => {
    const runner = state.runners[runnerId]
    if (runner?.status === 'Loading') return runner.layersLoaded / runner.layers
    return runner?.status === 'WarmingUp' || runner?.status === 'Ready' || runner?.status === 'Running' ? 1 : 0
  })
  return parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length)
}

/** Tokens a second of the requests that ended lately, each counted alike. */
export const speedOf = (state: State, instance: Instance): number | undefined => {
  const speeds = Object.values(state.tasks)
    .filter((task) => task.instanceId === instance.instanceId)
    .flatMap(({ tokensPerSecond }) => (tokensPerSecond ? [tokensPerSecond] : []))
  return speeds.length === 0 ? undefined : speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length
}

export const requestsOf = (state: State, instance: Instance): number =>
  Object.values(state.tasks).filter((task) => task.instanceId === instance.instanceId && isLive(task)).length

const readyLine = (state: State, instance: Instance, requests: number): string => {
  const speed = speedOf(state, instance)
  const parts = [
    ...(speed === undefined ? [] : [speedText(speed)]),
    requests > 0 ? counted(requests, 'request') : 'no requests',
  ]
  return parts.join(' · ')
}

const wordAndTone = (machineWord: MetaInstanceStatusWord, status: string, afterFailure: boolean): [string, Tone] => {
  switch (machineWord) {
    case 'PAUSED':
      return ['Paused', 'waiting']
    case 'PLACEMENT_FAILED':
      return ['Can’t place yet', 'failed']
    case 'PLACING':
      return [afterFailure ? 'Placing again' : 'Placing', afterFailure ? 'retrying' : 'waiting']
    case 'DOWNLOADING':
      return ['Downloading', 'working']
    case 'CONNECTING':
    case 'LOADING':
    case 'WARMING_UP':
      return ['Loading', 'working']
    case 'RETRYING':
      return [`Retrying ${status.slice(status.indexOf('('))}`, 'retrying']
    case 'READY':
    case 'RUNNING':
      return ['Ready', 'ready']
  }
}

/** A declaration as its card shows it. */
export const cardOf = (state: State, metaInstance: MetaInstance, now: number): CardView => {
  const { word: machineWord, status } = statusOf(state, metaInstance)
  const { lastFailureError, nextAttemptAt, placementError } = metaInstance
  const instance = currentInstance(state, metaInstance.metaInstanceId)
  const [word, tone] = wordAndTone(machineWord, status, lastFailureError !== undefined)
  const requests = instance ? requestsOf(state, instance) : 0
  const line = ((): string => {
    if (machineWord === 'PAUSED') return 'Not in memory'
    if (placementError && !instance) return placementError.reason
    if (!instance) {
      const wait = nextAttemptAt === undefined ? 0 : Math.max(0, Math.ceil((nextAttemptAt - now) / 1000))
      return wait > 0 ? `Next try in ${wait} s` : `${strategyOf(metaInstance)} · looking for machines`
    }
    return isReady(state, instance) ? readyLine(state, instance, requests) : loadingLine(state, instance)
  })()
  const loading = instance !== undefined && !isReady(state, instance)
  return {
    machineWord,
    word,
    tone,
    line,
    failure: lastFailureError,
    progress: loading ? progressOf(state, instance) : undefined,
    machines: (instance?.shards ?? []).map(({ nodeId, runnerId }) => ({
      nodeId,
      name: nodeName(state, nodeId),
      status: stage(state.runners[runnerId]),
    })),
    requests,
  }
}

/** What a card says of the last failure, in the words of where the declaration is now. */
export const failureLine = ({ machineWord, failure }: CardView): string | undefined => {
  if (failure === undefined) return undefined
  if (machineWord === 'RETRYING') return failure
  return machineWord === 'PLACING' || machineWord === 'PLACEMENT_FAILED'
    ? `After: ${failure}`
    : `Re-created after: ${failure}`
}

/** An instance that nothing keeps. */
export const looseInstances = (state: State): Instance[] =>
  Object.values(state.instances).filter(({ metaInstanceId }) => metaInstanceId === undefined)

export const looseLine = (state: State, instance: Instance): string => {
  if (isReady(state, instance)) return readyLine(state, instance, requestsOf(state, instance))
  return runnersOf(state, instance).some(({ status }) => status === 'Failed') ? 'Failed' : loadingLine(state, instance)
}
