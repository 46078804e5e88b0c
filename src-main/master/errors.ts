import { dirname } from 'node:path'
import type { ErrorCode } from '@core/errors/error-codes'

/** Why a node cannot start, lead or execute a command. `message` and `hint` are shown to people. */
export class MasterError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** What the user can do about it. */
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'MasterError'
  }
}

/** The code of a system error, such as `ENOSPC`; undefined for other errors. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Wraps the error of a refused write: `disk_full` if freeing space helps, otherwise `disk_failed`. */
export const diskError = (path: string, cause: unknown): MasterError => {
  const code = codeOf(cause)
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
    ? new MasterError(
        'disk_full',
        `The disk that holds ${path} is full: nothing was changed`,
        'Free some space; this node goes on by itself.',
        { cause },
      )
    : new MasterError(
        'disk_failed',
        `${path} cannot be written (${code ?? String(cause)}): nothing was changed`,
        'Check the disk and the folder’s permissions; this node goes on by itself.',
        { cause },
      )
}

/** A write has been in flight for that many milliseconds; it may still become durable. */
export const diskHangs = (path: string, milliseconds: number): MasterError =>
  new MasterError(
    'disk_hangs',
    `The disk that holds ${path} has not answered for ${Math.round(milliseconds / 1000)} s: it is not known whether this was done`,
    'Check the disk; this node goes on by itself as soon as it answers. What is asked for twice is done once.',
  )

/** Wraps a system error as `diskError` does; returns any other error unchanged. */
export const asDiskError = (path: string, cause: unknown): unknown =>
  cause instanceof MasterError || codeOf(cause) === undefined ? cause : diskError(path, cause)

/** `term.json` cannot be read, so this node does not know for which terms it has voted. */
export const termLost = (directory: string): MasterError =>
  new MasterError(
    'term_lost',
    `${directory}/term.json cannot be read: this machine does not know in which terms it took part, and leads nobody`,
    'It follows as soon as another machine leads, and is then as before. Where no other machine will come back, stop Muster here and remove that file.',
  )

/** The node is being closed. */
export const stopping = (): MasterError =>
  new MasterError('closed', 'This node is stopping: nothing was changed', 'Start it again.')

/** The log is damaged, and not just by a torn write at its end. `offset` in bytes. */
export const damaged = (file: string, offset: number, what: string): MasterError =>
  new MasterError(
    'log_damaged',
    `${file} is damaged at byte ${offset}: ${what}`,
    `Restore ${dirname(file)} from a backup. Without one, rename that folder and start again: Muster then begins empty, and the models are to be declared again.`,
  )

/** No leader was found in time, and this node is not the leader. */
export const noMaster = (): MasterError =>
  new MasterError(
    'no_master',
    'The machines of this cluster have not agreed yet on which of them decides: it is not known whether this was done',
    'Try again in a few seconds; what was asked for twice is done once.',
  )
