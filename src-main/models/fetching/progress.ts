import type { Download } from '@core/state/downloads'

const REPORT_EVERY_MS = 1000

/** Counts received bytes of a model and reports changes at most once a second. */
export class Progress {
  private totalBytes = 0
  private downloadedBytes = 0
  private measuredBytes = 0
  private measuredAt = performance.now()
  private reported = ''
  private readonly timer: NodeJS.Timeout

  constructor(private readonly onReport: (download: Download) => void) {
    this.timer = setInterval(() => this.report(), REPORT_EVERY_MS)
  }

  /** Resets to what is on disk when a source starts. */
  begin({ totalBytes, downloadedBytes }: { readonly totalBytes: number; readonly downloadedBytes: number }): void {
    this.totalBytes = totalBytes
    this.downloadedBytes = downloadedBytes
    this.measuredBytes = downloadedBytes
    this.measuredAt = performance.now()
    if (this.reported === '') this.report()
  }

  /** Adds received bytes; negative when bytes turned out to be invalid. */
  add(bytes: number): void {
    this.downloadedBytes += bytes
    // Keeps the measured speed from going negative.
    if (bytes < 0) this.measuredBytes = Math.min(this.measuredBytes, this.downloadedBytes)
  }

  /** Progress so far. */
  get downloaded(): { readonly downloadedBytes: number; readonly totalBytes: number } {
    const { downloadedBytes, totalBytes } = this
    return { downloadedBytes, totalBytes: Math.max(totalBytes, downloadedBytes) }
  }

  end(): void {
    clearInterval(this.timer)
  }

  private report(): void {
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
    if (text === this.reported) return
    this.reported = text
    this.onReport(download)
  }
}
