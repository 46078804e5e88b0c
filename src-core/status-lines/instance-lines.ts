import { nodeName } from '../state/bindings'
import type { Instance } from '../state/instances'
import { neededDownloads } from '../state/needed-models'
import type { RunnerStatus } from '../state/runners'
import type { State } from '../state/state'
import { figuresOf } from '../texts/figures'
import { codedRenderer } from '../texts/render-coded'
import type { Translator } from '../texts/translator'
import { downloadOf, isDownloading, progressOf } from './progress'
import { requestsOf, speedsOf } from './requests'
import { sentence } from './sentence'

/** What an instance is doing, in one language. */
export interface InstanceLines {
  /** A runner's stage in a word or two, shown beside the machine's name. */
  readonly stage: (runner: RunnerStatus | undefined) => string
  /** Failed downloads that will be retried, one text per machine. */
  readonly downloadFailures: (state: State, instance: Instance) => readonly string[]
  /** How far the download is, or the loading. */
  readonly starting: (state: State, instance: Instance) => string
  /** The same without the machines: `3.1 of 8.0 GB · 92 MB/s · 1 min left`, or `40 %`. */
  readonly progress: (state: State, instance: Instance) => string
  /** `34 tokens/s · 2 requests`: mean of the last minute, and current load. */
  readonly serving: (state: State, instances: readonly Instance[]) => string
}

/** With more machines, the line gives a total and each chip its own progress. */
const NAMED = 3

export const instanceLines = (translator: Translator): InstanceLines => {
  const { text } = translator
  const figures = figuresOf(translator)
  const say = codedRenderer(translator)

  const stage: InstanceLines['stage'] = (runner) => {
    switch (runner?.status) {
      case undefined:
      case 'Idle':
      case 'Connecting':
        return text('cards.stage.starting')
      case 'Downloading':
        return text('cards.stage.downloading')
      case 'Loading':
        return text('cards.stage.loading', { loaded: runner.layersLoaded, layers: runner.layers })
      case 'WarmingUp':
        return text('cards.stage.warmingUp')
      case 'Ready':
        return text('cards.stage.ready')
      case 'Running':
        return text('cards.stage.answering')
      case 'ShuttingDown':
      case 'Shutdown':
        return text('cards.stage.stopping')
      case 'Failed':
        return text('cards.stage.failed')
    }
  }

  /** `Loading layers 18 of 32 on Mac Studio · 24 of 32 on MacBook Pro`. */
  const loading = (state: State, { shards }: Instance): string => {
    let isLoading = false
    const parts = shards.map(({ runnerId, nodeId }) => {
      const runner = state.runners[runnerId]
      const name = nodeName(state, nodeId)
      if (runner?.status !== 'Loading') return sentence(text('cards.stageOn', { stage: stage(runner), name }))
      const isFirst = !isLoading
      isLoading = true
      const values = { loaded: runner.layersLoaded, layers: runner.layers, name }
      return text(isFirst ? 'cards.loadingLayers' : 'cards.layersOn', values)
    })
    return parts.join(' · ')
  }

  const downloadFailures: InstanceLines['downloadFailures'] = (state, instance) =>
    instance.shards.flatMap(({ nodeId, runnerId }) => {
      if (state.runners[runnerId]?.status !== 'Downloading') return []
      const failed = neededDownloads(state, instance, nodeId).find(({ status }) => status === 'Failed')
      if (!failed) return []
      const { coded, error = text('cards.downloadFailed') } = failed
      return [text('cards.downloadRetried', { name: nodeName(state, nodeId), error: (coded && say(coded)) ?? error })]
    })

  /** `3.1 of 8.0 GB · 92 MB/s · 1 min left`, with the reason of a retry; undefined if nothing is known. */
  const downloading = (state: State, instance: Instance): string | undefined => {
    const { downloadedBytes, totalBytes, bytesPerSecond } = downloadOf(state, instance)
    const failures = downloadFailures(state, instance)
    if (totalBytes === 0) return failures.length === 0 ? undefined : sentence(failures.join(' · '))
    const parts = [figures.part(downloadedBytes, totalBytes), ...failures]
    if (bytesPerSecond > 0) {
      const time = figures.duration((1000 * (totalBytes - downloadedBytes)) / bytesPerSecond)
      parts.push(text('cards.perSecond', { size: figures.bytes(bytesPerSecond) }), text('cards.left', { time }))
    }
    return parts.join(' · ')
  }

  const starting: InstanceLines['starting'] = (state, instance) => {
    const download = isDownloading(state, instance) ? downloading(state, instance) : undefined
    if (download !== undefined) return download
    const count = instance.shards.length
    if (count <= NAMED) return loading(state, instance)
    const progress = progressOf(state, instance)
    return progress === 0
      ? text('cards.startingOn', { count })
      : text('cards.loadingOn', { count, part: figures.percent(Math.floor(100 * progress) / 100) })
  }

  const progress: InstanceLines['progress'] = (state, instance) => {
    const download = isDownloading(state, instance) ? downloading(state, instance) : undefined
    return download ?? figures.percent(Math.floor(100 * progressOf(state, instance)) / 100)
  }

  const serving: InstanceLines['serving'] = (state, instances) => {
    const speeds = speedsOf(state, instances)
    const count = requestsOf(state, instances)
    const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length
    const parts = speeds.length > 0 ? [figures.speed(mean)] : []
    return sentence([...parts, count > 0 ? text('figures.requests', { count }) : text('cards.noRequests')].join(' · '))
  }

  return { stage, downloadFailures, starting, progress, serving }
}
