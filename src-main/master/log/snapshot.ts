import crc32 from 'crc-32'
import { join } from 'node:path'
import { z } from 'zod'
import { LogEnd } from '@core/consensus/index'
import { CommandId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import { State } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { changeDurably } from './segment-file'

/** The durable state after the records up to `logEnd`. */
export interface Snapshot {
  readonly logEnd: LogEnd
  /** Ids of the latest commands with records in that log, oldest first, for idempotency. */
  readonly commands?: readonly CommandId[]
  readonly state: State
}

const Head = z.object({
  v: z.literal(1),
  sequence: z.number().int().nonnegative(),
  crc: z.number().int(),
  /** Absent in snapshots of the oldest versions; these are ignored, and the log is replayed from its first record. */
  epochs: LogEnd.shape.epochs.optional(),
  earlier: LogEnd.shape.earlier,
  commands: z.array(CommandId).default([]),
})
const NAME = /^snapshot-(\d{20})\.json$/
/** Snapshots kept on disk: two, because one may be damaged. */
const KEPT = 2

const names = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => NAME.test(name))
    .sort()

/** Encodes a snapshot for a file or for a follower: a JSON header line with the CRC-32 of the body, then the state as JSON. */
export const encodeSnapshot = ({ logEnd, commands = [], state }: Snapshot): Buffer => {
  const body = Buffer.from(JSON.stringify({ ...durablePart(state), stamps: state.stamps ?? {} }), 'utf8')
  const head = JSON.stringify({ v: 1, ...logEnd, crc: crc32.buf(body), commands })
  return Buffer.concat([Buffer.from(`${head}\n`, 'utf8'), body])
}

/**
 * Writes a snapshot atomically and removes all but the latest two. Returns the last record that both cover; 0 if there is
 * only one. Throws the disk's errors.
 */
export const writeSnapshot = (directory: Directory, snapshot: Snapshot): number => {
  writeSnapshotAs(directory, snapshotName(snapshot.logEnd.sequence), snapshot)
  for (const name of names(directory).slice(0, -KEPT)) directory.remove(name)
  const left = names(directory)
  return left.length < KEPT ? 0 : Number(NAME.exec(left[0] ?? '')?.[1] ?? 0)
}

export const snapshotName = (sequence: number): string => `snapshot-${String(sequence).padStart(20, '0')}.json`

export const isSnapshot = (name: string): boolean => NAME.test(name)

/** Writes a snapshot under a name, atomically and durably. Throws the disk's errors. */
export const writeSnapshotAs = (directory: Directory, name: string, snapshot: Snapshot): void => {
  // The draft's name is fixed, so that a later write replaces what a crash left of it.
  const draft = 'snapshot.draft'
  changeDurably(directory.open(draft, 'emptied'), (file) => file.writeSync(encodeSnapshot(snapshot)))
  directory.rename(draft, name)
  directory.sync()
}

/** Decodes a snapshot; undefined for one of a version without epochs or stamps. Throws if it is damaged. */
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

/**
 * Returns the newest usable snapshot, optionally only of the records up to `upTo`; undefined if there is none. Skips a
 * damaged one with a warning: the one before it is kept, with all records since.
 */
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
