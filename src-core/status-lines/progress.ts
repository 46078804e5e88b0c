import type { Download } from '../state/downloads'
import type { Instance } from '../state/instances'
import { neededDownloads } from '../state/needed-models'
import type { Runner } from '../state/runners'
import type { State } from '../state/state'

/** Downloads of an instance on all its machines, added up. */
export const downloadOf = (
  state: State,
  instance: Instance,
): Pick<Download, 'downloadedBytes' | 'totalBytes'> & { readonly bytesPerSecond: number } => {
  const downloads = instance.shards.flatMap(({ nodeId }) => neededDownloads(state, instance, nodeId))
  return {
    downloadedBytes: sum(downloads.map(({ downloadedBytes }) => downloadedBytes)),
    totalBytes: sum(downloads.map(({ totalBytes }) => totalBytes)),
    bytesPerSecond: sum(downloads.map(({ bytesPerSecond }) => bytesPerSecond ?? 0)),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

export const isDownloading = (state: State, { shards }: Instance): boolean =>
  shards.some(({ runnerId }) => state.runners[runnerId]?.status === 'Downloading')

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
  if (isDownloading(state, instance)) {
    const { downloadedBytes, totalBytes } = downloadOf(state, instance)
    return totalBytes === 0 ? 0 : downloadedBytes / totalBytes
  }
  const shares = instance.shards.map(({ runnerId }) => loadedShare(state.runners[runnerId]))
  return sum(shares) / Math.max(1, shares.length)
}
