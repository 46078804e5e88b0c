import type { Download } from '@core/state/downloads'

const TELL_EVERY_MS = 1000

/** Counts what has arrived of a model and tells it, once a second at most, as long as it changes. */
export class Progress {
  private totalBytes = 0
  private downloadedBytes = 0
  private measuredBytes = 0
  private measuredAt = performance.now()
  private told = ''
  private readonly timer: NodeJS.Timeout

  constructor(private readonly tell: (download: Download) => void) {
    this.timer = setInterval(() => this.say(), TELL_EVERY_MS)
  }

  /** What is here of it when a source begins. */
  begin({ totalBytes, downloadedBytes }: { readonly totalBytes: number; readonly downloadedBytes: number }): void {
    this.totalBytes = totalBytes
    this.downloadedBytes = downloadedBytes
    this.measuredBytes = downloadedBytes
    this.measuredAt = performance.now()
    if (this.told === '') this.say()
  }

  /** So many bytes more have come; fewer, where some turned out to be worth nothing. */
  add(bytes: number): void {
    this.downloadedBytes += bytes
    // Those were not lost on the way here.
    if (bytes < 0) this.measuredBytes = Math.min(this.measuredBytes, this.downloadedBytes)
  }

  /** How far it is. */
  get downloaded(): { readonly downloadedBytes: number; readonly totalBytes: number } {
    const { downloadedBytes, totalBytes } = this
    return { downloadedBytes, totalBytes: Math.max(totalBytes, downloadedBytes) }
  }

  end(): void {
    clearInterval(this.timer)
  }

  private say(): void {
    const now = performance.now()
    const passed = now - this.measuredAt
    const bytesPerSecond = passed > 0 ? Math.round((1000 * (this.downloadedBytes - this.measuredBytes)) / passed) : 0
    this.measuredBytes = this.downloadedBytes
    this.measuredAt = now
    const download: Download = {
      status: 'Ongoing',
      ...this.downloaded,
      ...(bytesPerSecond > 0 && { bytesPerSecond }),
    }
    const text = JSON.stringify(download)
    if (text === this.told) return
    this.told = text
    this.tell(download)
  }
}
