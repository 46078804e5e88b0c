import { nodeName } from '@core/state/bindings'
import type { Download } from '@core/state/downloads'
import type { Instance } from '@core/state/instances'
import type { Runner, RunnerStatus } from '@core/state/runners'
import type { State } from '@core/state/state'
import { durationText, bytesText, partText, sentence } from '../../state/text'
import { nodeText, t } from '../../state/texts.svelte'

/** A runner's stage in a word or two, shown beside the machine's name. */
export const stageText = (runner: RunnerStatus | undefined): string => {
  switch (runner?.status) {
    case undefined:
    case 'Idle':
    case 'Connecting':
      return t('cards.stage.starting')
    case 'Downloading':
      return t('cards.stage.downloading')
    case 'Loading':
      return t('cards.stage.loading', { loaded: runner.layersLoaded, layers: runner.layers })
    case 'WarmingUp':
      return t('cards.stage.warmingUp')
    case 'Ready':
      return t('cards.stage.ready')
    case 'Running':
      return t('cards.stage.answering')
    case 'ShuttingDown':
    case 'Shutdown':
      return t('cards.stage.stopping')
    case 'Failed':
      return t('cards.stage.failed')
  }
}

/** `Loading layers 18 of 32 on Mac Studio · 24 of 32 on MacBook Pro`. */
export const loadingLine = (state: State, { shards }: Instance): string => {
  let loading = false
  const parts = shards.map(({ runnerId, nodeId }) => {
    const runner = state.runners[runnerId]
    const name = nodeName(state, nodeId)
    if (runner?.status !== 'Loading') return sentence(t('cards.stageOn', { stage: stageText(runner), name }))
    const first = !loading
    loading = true
    const values = { loaded: runner.layersLoaded, layers: runner.layers, name }
    return t(first ? 'cards.loadingLayers' : 'cards.layersOn', values)
  })
  return parts.join(' · ')
}

/** Unfinished downloads of an instance on all its machines. */
const downloadsOf = (state: State, { modelId, shards }: Instance): Download[] =>
  shards.flatMap(({ nodeId }) => state.downloads[nodeId]?.[modelId] ?? [])

/** Failed downloads of an instance that will be retried, one text per machine. */
export const downloadFailures = (state: State, { modelId, shards }: Instance): string[] =>
  shards.flatMap(({ nodeId, runnerId }) => {
    const download = state.downloads[nodeId]?.[modelId]
    const isWaitedFor = state.runners[runnerId]?.status === 'Downloading' && download?.status === 'Failed'
    return isWaitedFor
      ? [
          t('cards.downloadRetried', {
            name: nodeName(state, nodeId),
            error: nodeText(download.coded, download.error ?? t('cards.downloadFailed')),
          }),
        ]
      : []
  })

/** `3.1 of 8.0 GB · 92 MB/s · 1 min left`, with the reason of a retry; undefined if nothing is known. */
export const downloadLine = (state: State, instance: Instance): string | undefined => {
  const downloads = downloadsOf(state, instance)
  const failures = downloadFailures(state, instance)
  const total = sum(downloads.map(({ totalBytes }) => totalBytes))
  if (total === 0) return failures.length === 0 ? undefined : sentence(failures.join(' · '))
  const done = sum(downloads.map(({ downloadedBytes }) => downloadedBytes))
  const speed = sum(downloads.map(({ bytesPerSecond }) => bytesPerSecond ?? 0))
  const parts = [partText(done, total), ...failures]
  if (speed > 0) {
    const left = durationText((1000 * (total - done)) / speed)
    parts.push(t('cards.perSecond', { size: bytesText(speed) }), t('cards.left', { time: left }))
  }
  return parts.join(' · ')
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const loadedShare = (runner: Runner | undefined): number => {
  switch (runner?.status) {
    case 'Loading':
      return runner.layersLoaded / runner.layers
    case 'WarmingUp':
    case 'Ready':
    case 'Running':
      return 1
    case undefined:
    case 'Idle':
    case 'Downloading':
    case 'Connecting':
    case 'ShuttingDown':
    case 'Shutdown':
    case 'Failed':
      return 0
  }
}

/** Progress from 0 to 1: of the files while downloading, then of the layers. */
export const progressOf = (state: State, instance: Instance): number => {
  const runners = instance.shards.map(({ runnerId }) => state.runners[runnerId])
  if (runners.some((runner) => runner?.status === 'Downloading')) {
    const downloads = downloadsOf(state, instance)
    const total = sum(downloads.map(({ totalBytes }) => totalBytes))
    return total === 0 ? 0 : sum(downloads.map(({ downloadedBytes }) => downloadedBytes)) / total
  }
  return sum(runners.map(loadedShare)) / Math.max(1, runners.length)
}
