import type { Download } from '@core/state/downloads'
import { bytesText, durationText, rateText } from '../text/units'

type DownloadedSoFar = Pick<Download, 'downloadedBytes' | 'totalBytes'> & {
  readonly bytesPerSecond?: number | undefined
}

/** Download progress, as far as known: `3.1 GB of 8.0 GB, 25.0 MB/s, 3 min 16 s left`. */
export const downloadText = (download: DownloadedSoFar): string => {
  const { downloadedBytes, totalBytes, bytesPerSecond } = download
  const left = totalBytes - downloadedBytes
  return [
    totalBytes > 0 ? `${bytesText(downloadedBytes)} of ${bytesText(totalBytes)}` : 'asking how large it is',
    ...(bytesPerSecond ? [rateText(bytesPerSecond)] : []),
    ...(bytesPerSecond && left > 0 ? [`${durationText(left / bytesPerSecond)} left`] : []),
  ].join(', ')
}
