import { isReady } from '@core/state/bindings'
import { progressOf } from '@core/status-lines/progress'
import type { MetaInstanceId, ModelId, NodeId, TaskId } from '@core/ids'
import type { State } from '@core/state/state'
import { isLive } from '@core/state/tasks'
import { numberText, shortName } from '../../state/text'
import { arrivals } from '../models/arrivals'
import { statusLines, t } from '../../state/texts.svelte'

/** How to cancel an operation. */
export type Cancelling =
  | { readonly kind: 'download'; readonly modelId: ModelId; readonly nodeId: NodeId }
  | { readonly kind: 'pause'; readonly metaInstanceId: MetaInstanceId }
  | { readonly kind: 'request'; readonly taskId: TaskId }

/** A long-running operation as a list shows it. */
export interface Ongoing {
  readonly id: string
  readonly what: 'Download' | 'Loading' | 'Request'
  readonly title: string
  /** Progress, speed and remaining time, as far as known. */
  readonly line: string
  /** From 0 to 1; undefined if unknown. */
  readonly share: number | undefined
  readonly failed: boolean
  readonly startedAt: number | undefined
  readonly cancelling: Cancelling | undefined
  /** For downloads that can be paused or resumed. */
  readonly pausing?: Pausing
}

/** A download and whether the user paused it. */
export interface Pausing {
  readonly modelId: ModelId
  readonly nodeId: NodeId
  readonly paused: boolean
}

const downloads = (state: State): Ongoing[] =>
  arrivals(state).map(({ modelId, nodeId, machine, share, line, failed, paused, needed }) => ({
    id: `download ${nodeId} ${modelId}`,
    what: 'Download',
    title: t('activity.downloadTo', { name: shortName(modelId), machine }),
    line: needed ? t('activity.lineNeeded', { line }) : line,
    share,
    failed,
    startedAt: undefined,
    // Cannot be cancelled: it would restart while an instance waits for it.
    cancelling: needed ? undefined : { kind: 'download', modelId, nodeId },
    pausing: { modelId, nodeId, paused },
  }))

const loads = (state: State): Ongoing[] =>
  Object.values(state.instances)
    .filter((instance) => !isReady(state, instance))
    .map((instance) => {
      const declared = instance.metaInstanceId && state.metaInstances[instance.metaInstanceId]
      return {
        id: `load ${instance.instanceId}`,
        what: 'Loading',
        title: (declared && declared.name) ?? shortName(instance.modelId),
        line: statusLines().starting(state, instance),
        share: progressOf(state, instance),
        failed: false,
        startedAt: instance.createdAt,
        cancelling: declared ? { kind: 'pause', metaInstanceId: declared.metaInstanceId } : undefined,
      }
    })

const requests = (state: State): Ongoing[] =>
  Object.values(state.tasks)
    .filter(isLive)
    .map((task) => {
      const instance = state.instances[task.instanceId]
      const declared = instance?.metaInstanceId && state.metaInstances[instance.metaInstanceId]
      const tokens =
        task.promptTokens === undefined ? [] : [t('activity.promptOf', { tokens: numberText(task.promptTokens) })]
      return {
        id: `request ${task.taskId}`,
        what: 'Request',
        title: (declared && declared.name) ?? (instance ? shortName(instance.modelId) : t('activity.goneModel')),
        line: [task.status === 'Pending' ? t('activity.waiting') : t('activity.answering'), ...tokens].join(' · '),
        share: undefined,
        failed: false,
        startedAt: task.createdAt,
        cancelling: { kind: 'request', taskId: task.taskId },
      }
    })

/** Operations in progress: downloads, loading models, then requests, oldest first. */
export const ongoing = (state: State): readonly Ongoing[] => [
  ...downloads(state),
  ...loads(state),
  ...requests(state).sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0)),
]

/** The request that pauses or resumes a download. */
export const pauseRequest = ({ modelId, nodeId, paused }: Pausing) => ({
  path: `/models/${modelId}/download`,
  json: { paused: !paused, nodeId },
})

/** The request that cancels an operation. */
export const cancelRequest = (
  cancelling: Cancelling,
): { readonly path: string; readonly method: 'DELETE' | 'PATCH'; readonly json?: object } => {
  switch (cancelling.kind) {
    case 'download':
      return { path: `/models/${cancelling.modelId}/download?nodeId=${cancelling.nodeId}`, method: 'DELETE' }
    case 'pause':
      return { path: `/meta_instance/${cancelling.metaInstanceId}`, method: 'PATCH', json: { paused: true } }
    case 'request':
      return { path: `/requests/${cancelling.taskId}`, method: 'DELETE' }
  }
}
