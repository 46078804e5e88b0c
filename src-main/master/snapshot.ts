import crc32 from 'crc-32'
import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Epoch } from '@core/consensus/log-end'
import { CommandId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import { State } from '@core/state/state'
import { removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'

/** A state, the sequence of the last record it contains, and who wrote which of them. */
export interface Snapshot {
  readonly sequence: number
  readonly epochs: readonly Epoch[]
  /** The commands that were decided last, oldest first. */
  readonly commands?: readonly CommandId[]
  readonly state: State
}

const Head = z.object({
  v: z.literal(1),
  sequence: z.number().int().nonnegative(),
  crc: z.number().int(),
  /** The oldest snapshots do not say, nor have others stamps: the log is then read from its first record. */
  epochs: z.array(Epoch).optional(),
  commands: z.array(CommandId).default([]),
})
const NAME = /^snapshot-(\d{20})\.json$/
/** One may turn out damaged. */
const KEPT = 2

const names = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()

/** Writes a snapshot as a whole or not at all, and removes all but the last two. Throws what the disk throws. */
export const writeSnapshot = (directory: string, { sequence, epochs, commands = [], state }: Snapshot): void => {
  const body = Buffer.from(JSON.stringify({ ...durablePart(state), stamps: state.stamps ?? {} }), 'utf8')
  const head = JSON.stringify({ v: 1, sequence, crc: crc32.buf(body), epochs, commands })
  const path = join(directory, `snapshot-${String(sequence).padStart(20, '0')}.json`)
  // Always the same name: what a crash leaves of it is written over.
  const draft = join(directory, 'snapshot.draft')
  const fd = openSync(draft, 'w', 0o600)
  try {
    writeFileSync(fd, Buffer.concat([Buffer.from(`${head}\n`, 'utf8'), body]))
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(draft, path)
  syncDirectory(directory)
  for (const name of names(directory).slice(0, -KEPT)) removeFileSync(directory, name)
}

const readSnapshot = (file: string): Snapshot | undefined => {
  const bytes = readFileSync(file)
  const end = bytes.indexOf(0x0a)
  if (end < 0) throw new Error('it has no first line')
  const { sequence, crc, epochs, commands } = Head.parse(JSON.parse(bytes.subarray(0, end).toString('utf8')))
  const body = bytes.subarray(end + 1)
  if (crc32.buf(body) !== crc) throw new Error('its checksum does not match')
  const state = State.parse(JSON.parse(body.toString('utf8')))
  return epochs && state.stamps && { sequence, epochs, commands, state }
}

/** The newest sound snapshot; damaged ones are passed over with a warning, since the log has it all. */
export const newestSnapshot = (directory: string, warn: (message: string) => void): Snapshot | undefined => {
  for (const name of names(directory).reverse()) {
    try {
      const snapshot = readSnapshot(join(directory, name))
      if (snapshot) return snapshot
    } catch (error) {
      warn(
        `${join(directory, name)} is damaged and passed over: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`,
      )
    }
  }
  return undefined
}
