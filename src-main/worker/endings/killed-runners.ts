import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../../disk/replace-file'

/** One boot of this machine. */
const Boot = z.object({
  /** The system's boot id, if it has one; unique. */
  id: z.string().optional(),
  /** By the wall clock, which may be corrected later. */
  startedAt: z.number(),
})
export type Boot = z.infer<typeof Boot>

const Kept = z.object({ version: z.literal(1), boot: Boot, killed: z.number().int().nonnegative() })
type Kept = z.infer<typeof Kept>

/** Tolerated clock correction. No machine boots twice within this time and kills a runner in between. */
const CLOCK_CORRECTION_MS = 60_000

const isSame = (a: Boot, b: Boot): boolean =>
  a.id !== undefined && b.id !== undefined ? a.id === b.id : Math.abs(a.startedAt - b.startedAt) < CLOCK_CORRECTION_MS

/** A missing or damaged file counts as zero: the number is only a hint to people. */
const readKept = async (path: string): Promise<Kept | undefined> => {
  try {
    return Kept.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

export interface KilledRunnersOptions {
  readonly dataDir: string
  readonly boot: Boot
  /** Called when the count has increased. */
  readonly onChange: () => void
  readonly log: { warn(fields: object, message: string): void }
}

/**
 * Counts runners killed while they used RDMA since this machine booted: the system frees what they held only at the
 * next boot. Kept in `killed-runners.json`, because Muster restarts more often than the machine.
 */
export class KilledRunners {
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly options: KilledRunnersOptions,
    private killed: number,
  ) {}

  static async open(options: KilledRunnersOptions): Promise<KilledRunners> {
    const kept = await readKept(KilledRunners.pathIn(options.dataDir))
    return new KilledRunners(options, kept && isSame(kept.boot, options.boot) ? kept.killed : 0)
  }

  private static pathIn(dataDir: string): string {
    return join(dataDir, 'killed-runners.json')
  }

  get count(): number {
    return this.killed
  }

  add(): void {
    this.killed += 1
    this.writing = this.writing.then(() => this.write())
    this.options.onChange()
  }

  /** Resolves when all writes have ended. */
  close(): Promise<void> {
    return this.writing
  }

  private async write(): Promise<void> {
    const { dataDir, boot, log } = this.options
    const kept: Kept = { version: 1, boot, killed: this.killed }
    await replaceFile(KilledRunners.pathIn(dataDir), `${JSON.stringify(kept)}\n`).catch((err: unknown) =>
      log.warn({ err }, 'the count of killed runners could not be saved'),
    )
  }
}
