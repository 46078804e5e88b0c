import crc32 from 'crc-32'
import { join } from 'node:path'
import { z } from 'zod'
import { LogEnd } from '@core/consensus/index'
import { CommandId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import { State } from '@core/state/state'
import type { Directory } from '../disk/directory'
import { changed } from './segment-file'

/** A state, up to which record it goes, and who wrote which of them. */
export interface Snapshot {
  readonly logEnd: LogEnd
  /** The commands that were decided last, oldest first. */
  readonly commands?: readonly CommandId[]
  readonly state: State
}

const Head = z.object({
  v: z.literal(1),
  sequence: z.number().int().nonnegative(),
  crc: z.number().int(),
  /** The oldest snapshots do not say, nor have others stamps: the log is then read from its first record. */
  epochs: LogEnd.shape.epochs.optional(),
  earlier: LogEnd.shape.earlier,
  commands: z.array(CommandId).default([]),
})
const NAME = /^snapshot-(\d{20})\.json$/
/** One may turn out damaged. */
const KEPT = 2

const names = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => NAME.test(name))
    .sort()

/** The snapshots as they are told to a follower that is far behind, and as they stand in a file. */
export const encodeSnapshot = ({ logEnd, commands = [], state }: Snapshot): Buffer => {
  const body = Buffer.from(JSON.stringify({ ...durablePart(state), stamps: state.stamps ?? {} }), 'utf8')
  const head = JSON.stringify({ v: 1, ...logEnd, crc: crc32.buf(body), commands })
  return Buffer.concat([Buffer.from(`${head}\n`, 'utf8'), body])
}

/**
 * Writes a snapshot as a whole or not at all, and removes all but the last two. Gives back the last record that all of
 * them hold. Throws what the disk throws.
 */
export const writeSnapshot = (directory: Directory, snapshot: Snapshot): number => {
  keepSnapshot(directory, snapshotName(snapshot.logEnd.sequence), snapshot)
  for (const name of names(directory).slice(0, -KEPT)) directory.remove(name)
  const left = names(directory)
  return left.length < KEPT ? 0 : Number(NAME.exec(left[0] ?? '')?.[1] ?? 0)
}

export const snapshotName = (sequence: number): string => `snapshot-${String(sequence).padStart(20, '0')}.json`

export const isSnapshot = (name: string): boolean => NAME.test(name)

/** Writes a snapshot under that name, as a whole or not at all. Throws what the disk throws. */
export const keepSnapshot = (directory: Directory, name: string, snapshot: Snapshot): void => {
  // Always the same name: what a crash leaves of it is written over.
  const draft = 'snapshot.draft'
  changed(directory.open(draft, 'emptied'), (file) => file.writeSync(encodeSnapshot(snapshot)))
  directory.rename(draft, name)
  directory.sync()
}

/** Undefined for one of a version before stamps. Throws for what is no snapshot. */
export const decodeSnapshot = (bytes: Buffer): Snapshot | undefined => {
  const end = bytes.indexOf(0x0a)
  if (end < 0) throw new Error('it has no first line')
  const { sequence, crc, epochs, earlier, commands } = Head.parse(JSON.parse(bytes.subarray(0, end).toString('utf8')))
  const body = bytes.subarray(end + 1)
  if (crc32.buf(body) !== crc) throw new Error('its checksum does not match')
  const state = State.parse(JSON.parse(body.toString('utf8')))
  return (
    epochs &&
    state.stamps && { logEnd: { sequence, epochs, ...(earlier !== undefined && { earlier }) }, commands, state }
  )
}

/** The newest sound snapshot; a damaged one is passed over with a warning, since the one before it is kept, with all records since. */
export const newestSnapshot = (
  directory: Directory,
  warn: (message: string) => void,
  upTo = Infinity,
): Snapshot | undefined => {
  for (const name of names(directory).reverse()) {
    if (Number(NAME.exec(name)?.[1]) > upTo) continue
    try {
      const snapshot = decodeSnapshot(directory.readSync(name))
      if (snapshot) return snapshot
    } catch (error) {
      warn(
        `${join(directory.path, name)} is damaged and passed over: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`,
      )
    }
  }
  return undefined
}
