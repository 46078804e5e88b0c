import { gigabytes } from '@core/texts/english'

/** Always kept free, because the node's log is on the same disk. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024
/** Bytes written between checks of free space; other programs write to the disk too. */
const CHECK_EVERY_BYTES = 64 * 1024 * 1024

export interface DiskRoomOptions {
  /** Free bytes on the disk of a folder; undefined if unknown. */
  readonly freeBytes: (directory: string) => Promise<number | undefined>
  /** Bytes that the settings want kept free. */
  readonly keepFreeBytes: () => number
}

/** Not enough free disk space. */
export class DiskFullError extends Error {
  constructor(why: string) {
    super(`${why}. Make room, and it goes on by itself`)
    this.name = 'DiskFullError'
  }
}

/** Whether an error is ENOSPC or EDQUOT. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

/** Guards free disk space, before a download begins and while it writes. */
export class DiskRoom {
  private writtenSinceLook = 0

  constructor(
    private readonly options: DiskRoomOptions,
    private readonly directory: string,
  ) {}

  /** @throws DiskFullError if writing this many bytes would leave less than the reserve */
  async demand(neededBytes: number): Promise<void> {
    const { free, kept, words } = await this.look()
    if (free === undefined || neededBytes <= 0 || neededBytes + kept <= free) return
    throw new DiskFullError(
      `the disk is full: ${gigabytes(neededBytes)} more are needed and ${gigabytes(Math.max(0, free - kept))} are free${words}`,
    )
  }

  /** Records written bytes. @throws DiskFullError if less than the reserve is free */
  async wrote(bytes: number): Promise<void> {
    this.writtenSinceLook += bytes
    if (this.writtenSinceLook >= CHECK_EVERY_BYTES) await this.check()
  }

  /** @throws DiskFullError if less than the reserve is free */
  async check(): Promise<void> {
    this.writtenSinceLook = 0
    const { free, kept, words } = await this.look()
    if (free !== undefined && free < kept)
      throw new DiskFullError(`the disk is nearly full: only ${gigabytes(free)} are left${words}`)
  }

  private async look(): Promise<{ free: number | undefined; kept: number; words: string }> {
    const wanted = this.options.keepFreeBytes()
    const words =
      wanted > LEAST_FREE_BYTES ? ` beside the ${gigabytes(wanted)} that the setting keepFreeGigabytes keeps free` : ''
    return { free: await this.options.freeBytes(this.directory), kept: Math.max(wanted, LEAST_FREE_BYTES), words }
  }
}
