import { gigabytes } from '@core/texts/english'

/** Left free on the disk in any case: the node's log is on it too. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024
/** The disk is looked at again after so much has been written: others write on it too. */
const LOOK_EVERY_BYTES = 64 * 1024 * 1024

export interface DiskRoomOptions {
  /** On the disk of a folder; undefined where nobody knows. */
  readonly freeBytes: (directory: string) => Promise<number | undefined>
  /** What people want to keep free on that disk, in bytes. */
  readonly keepFreeBytes: () => number
}

/** There is no room for it. */
export class DiskFullError extends Error {
  constructor(why: string) {
    super(`${why}. Make room, and it goes on by itself`)
    this.name = 'DiskFullError'
  }
}

/** Whether a disk says that it is full. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

/** Watches over the room on the disk that a model is written to: before it begins and while it comes. */
export class DiskRoom {
  private writtenSinceLook = 0

  constructor(
    private readonly options: DiskRoomOptions,
    private readonly directory: string,
  ) {}

  /** @throws DiskFullError where so many bytes more would not leave what is to stay free */
  async demand(neededBytes: number): Promise<void> {
    const { free, kept, words } = await this.look()
    if (free === undefined || neededBytes <= 0 || neededBytes + kept <= free) return
    throw new DiskFullError(
      `the disk is full: ${gigabytes(neededBytes)} more are needed and ${gigabytes(Math.max(0, free - kept))} are free${words}`,
    )
  }

  /** So many bytes were written. @throws DiskFullError where less is free by now than is to stay free */
  async wrote(bytes: number): Promise<void> {
    this.writtenSinceLook += bytes
    if (this.writtenSinceLook >= LOOK_EVERY_BYTES) await this.check()
  }

  /** @throws DiskFullError */
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
