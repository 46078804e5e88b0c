import { lstat, readFile, readdir, stat } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { RunnerId } from '@core/ids'
import { HandoverToken, LoadCommand } from '@core/protocols/runner'
import { replaceFile } from '../../disk/replace-file'

export const RECORD_FILE = 'handover.json'
const OTHERS_MAY = 0o077

/** The record that an ending node leaves beside a runner's pipes for the next node on this data folder. */
export const HandoverRecord = z.object({
  version: z.literal(1),
  /** The runner's protocol; adopting requires the same. */
  protocol: z.number().int(),
  runnerId: RunnerId,
  pid: z.number().int().positive(),
  token: HandoverToken,
  /** What it has loaded. */
  load: LoadCommand,
  /** Digest of the model's files when they were loaded. */
  files: z.string(),
  memoryBytes: z.number().int().nonnegative(),
  batchSize: z.number().int().positive(),
})
export type HandoverRecord = z.infer<typeof HandoverRecord>

/** A record that must not be used; the message says why, for the log. */
export class UnusableRecord extends Error {
  override readonly name = 'UnusableRecord'
}

/** Digest of the names, sizes and times of a model's files: unchanged files match what a runner has in memory. */
export const filesDigest = async (modelPath: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const name of (await readdir(modelPath)).sort()) {
    const { size, mtimeMs } = await stat(join(modelPath, name))
    hash.update(JSON.stringify([name, size, mtimeMs]))
  }
  return hash.digest('hex')
}

/** Rejects with the disk's error. */
export const writeRecord = (directory: string, record: HandoverRecord): Promise<void> =>
  replaceFile(join(directory, RECORD_FILE), `${JSON.stringify(record)}\n`)

/**
 * Reads the record in a runner's folder; undefined if there is none.
 *
 * @throws UnusableRecord if it is damaged, owned by another user, or accessible to others
 */
export const readRecord = async (directory: string): Promise<HandoverRecord | undefined> => {
  const path = join(directory, RECORD_FILE)
  const found = await lstat(path).catch(() => undefined)
  if (!found) return undefined
  if (!found.isFile() || found.uid !== process.getuid?.()) throw new UnusableRecord('it is not a file of this user')
  if ((found.mode & OTHERS_MAY) !== 0) throw new UnusableRecord('other users may read or write it')
  try {
    return HandoverRecord.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new UnusableRecord('it cannot be read', { cause })
  }
}
