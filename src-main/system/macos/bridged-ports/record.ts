import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BridgePorts } from '@core/warnings/bridge-commands'
import { removeFile } from '../../../disk/removal'
import { replaceFile } from '../../../disk/replace-file'

const FILE = 'bridged-ports.json'

const RecordFile = z.strictObject({ version: z.literal(1), taken: z.array(BridgePorts) })

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** The record on disk of which ports were taken out of which bridge, for undoing, also after a crash. */
export class BridgeRecord {
  private readonly path: string

  constructor(private readonly dataDir: string) {
    this.path = join(dataDir, FILE)
  }

  /** Rejects if a record exists but cannot be read: going on would lose what has to be put back. */
  async read(): Promise<readonly BridgePorts[]> {
    try {
      return RecordFile.parse(JSON.parse(await readFile(this.path, 'utf8'))).taken
    } catch (error) {
      if (isMissing(error)) return []
      throw new Error(`${this.path} cannot be read. Check its content, then delete it`, { cause: error })
    }
  }

  async write(taken: readonly BridgePorts[]): Promise<void> {
    if (taken.length === 0) await removeFile(this.dataDir, FILE)
    else await replaceFile(this.path, `${JSON.stringify({ version: 1, taken })}\n`)
  }
}
