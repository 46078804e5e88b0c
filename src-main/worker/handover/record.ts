import { lstat, readFile, readdir, stat } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { RunnerId } from '@core/ids'
import { HandoverToken, LoadCommand } from '@core/protocols/runner'
import { replaceFile } from '../../disk/replace-file'

export const RECORD_FILE = 'handover.json'
const OTHERS_MAY = 0o077

/** What a node that ends leaves beside the pipes of a runner, for the next node on this data folder. */
export const HandoverRecord = z.object({
  version: z.literal(1),
  /** The runner's protocol: another one cannot be spoken by who adopts it. */
  protocol: z.number().int(),
  runnerId: RunnerId,
  pid: z.number().int().positive(),
  token: HandoverToken,
  /** What it has loaded. */
  load: LoadCommand,
  /** Of the model's files when they were loaded. */
  files: z.string(),
  memoryBytes: z.number().int().nonnegative(),
  batchSize: z.number().int().positive(),
})
export type HandoverRecord = z.infer<typeof HandoverRecord>

/** A record that nobody may act on; the message says why, for the log. */
export class UnusableRecord extends Error {
  override readonly name = 'UnusableRecord'
}

/** Names, sizes and times of a model's files: they are what a runner has in memory while this stays the same. */
export const filesDigest = async (modelPath: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const name of (await readdir(modelPath)).sort()) {
    const { size, mtimeMs } = await stat(join(modelPath, name))
    hash.update(JSON.stringify([name, size, mtimeMs]))
  }
  return hash.digest('hex')
}

/** Rejects with what the disk says. */
export const writeRecord = (directory: string, record: HandoverRecord): Promise<void> =>
  replaceFile(join(directory, RECORD_FILE), `${JSON.stringify(record)}\n`)

/**
 * The record in a runner's folder; undefined where there is none.
 *
 * @throws UnusableRecord where it is damaged, another user's, or open to others
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
