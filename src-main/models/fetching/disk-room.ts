import { LEAST_FREE_BYTES } from '@core/placement/disk-room'
import { coded, type CodedText } from '@core/texts/coded'
import { CodedError } from '@core/texts/coded-error'

/** Bytes written between checks of free space; other programs write to the disk too. */
const CHECK_EVERY_BYTES = 64 * 1024 * 1024

export interface DiskRoomOptions {
  /** Free bytes on the disk of a folder; undefined if unknown. */
  readonly freeBytes: (directory: string) => Promise<number | undefined>
  /** Bytes that the settings want kept free. */
  readonly keepFreeBytes: () => number
}

/** Not enough free disk space. */
export class DiskFullError extends CodedError {
  constructor(why: CodedText) {
    super(why)
    this.name = 'DiskFullError'
  }
}

/** Whether an error is ENOSPC or EDQUOT. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

/** Guards free disk space, before a download begins and while it writes. */
export class DiskRoom {
  private writtenSinceCheck = 0

  constructor(
    private readonly options: DiskRoomOptions,
    private readonly directory: string,
  ) {}

  /** @throws DiskFullError if writing this many bytes would leave less than the reserve */
  async demand(neededBytes: number): Promise<void> {
    const { free, kept, wanted } = await this.measure()
    if (free === undefined || neededBytes <= 0 || neededBytes + kept <= free) return
    const sizes = { needed: { bytes: neededBytes }, free: { bytes: Math.max(0, free - kept) } }
    throw new DiskFullError(
      wanted > LEAST_FREE_BYTES
        ? coded('downloads.disk.fullKeeping', { ...sizes, kept: { bytes: wanted } })
        : coded('downloads.disk.full', sizes),
    )
  }

  /** Records written bytes. @throws DiskFullError if less than the reserve is free */
  async wrote(bytes: number): Promise<void> {
    this.writtenSinceCheck += bytes
    if (this.writtenSinceCheck >= CHECK_EVERY_BYTES) await this.check()
  }

  /** @throws DiskFullError if less than the reserve is free */
  async check(): Promise<void> {
    this.writtenSinceCheck = 0
    const { free, kept, wanted } = await this.measure()
    if (free === undefined || free >= kept) return
    throw new DiskFullError(
      wanted > LEAST_FREE_BYTES
        ? coded('downloads.disk.nearlyFullKeeping', { free: { bytes: free }, kept: { bytes: wanted } })
        : coded('downloads.disk.nearlyFull', { free: { bytes: free } }),
    )
  }

  /** Free bytes now, bytes to keep free, and the part of them from the user's setting. */
  private async measure(): Promise<{ free: number | undefined; kept: number; wanted: number }> {
    const wanted = this.options.keepFreeBytes()
    return { free: await this.options.freeBytes(this.directory), kept: Math.max(wanted, LEAST_FREE_BYTES), wanted }
  }
}
