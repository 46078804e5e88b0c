import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Writable } from 'node:stream'
import type { TaskId } from '@core/ids'
import { MAX_FRAME_BYTES, type RunnerCommand, type RunnerEvent } from '@core/protocols/runner'
import { encodeFrame, frameHeader } from './frames'
import { jsonPieces, PIECE_LENGTH, weightOf } from './json-pieces'

/**
 * Writes commands to a runner's pipe, in order. A large one is encoded in pieces, between which the event loop serves
 * other requests; commands after it wait. A request that is too large for a frame is refused in the runner's place,
 * which would end and take all others with it.
 */
export class CommandWriter {
  /** Commands waiting to be written; the first is being encoded. */
  private readonly waiting: RunnerCommand[] = []

  constructor(
    private readonly pipe: Writable,
    private readonly refused: (event: Extract<RunnerEvent, { type: 'rejected' }>) => void,
    private readonly maxBytes = MAX_FRAME_BYTES,
  ) {}

  send(command: RunnerCommand): void {
    if (this.waiting.length === 0 && isSmall(command)) {
      this.pipe.write(encodeFrame(command))
      return
    }
    this.waiting.push(command)
    if (this.waiting.length === 1) void this.writeWaiting()
  }

  private async writeWaiting(): Promise<void> {
    for (let [command] = this.waiting; command !== undefined; [command] = this.waiting) {
      const frame = isSmall(command) ? [encodeFrame(command)] : await encodeInTurns(command, this.maxBytes)
      if (frame !== undefined) this.write(frame)
      else if (command.type === 'generate') this.refuse(command.request.taskId)
      this.waiting.shift()
    }
  }

  private refuse(taskId: TaskId): void {
    const message = `the request and what it continues have more than ${this.maxBytes} bytes: leave some of it out`
    this.refused({ type: 'rejected', taskId, code: 'invalid_request', message })
  }

  private write(frame: readonly Buffer[]): void {
    this.pipe.cork()
    for (const part of frame) this.pipe.write(part)
    this.pipe.uncork()
  }
}

const isSmall = (command: RunnerCommand): boolean => weightOf(command, PIECE_LENGTH) <= PIECE_LENGTH

/** Undefined if no runner takes a frame of that size. */
const encodeInTurns = async (command: RunnerCommand, maxBytes: number): Promise<Buffer[] | undefined> => {
  const parts: Buffer[] = []
  let length = 0
  let sinceTurn = 0
  for (const piece of jsonPieces(command)) {
    const part = Buffer.from(piece)
    parts.push(part)
    length += part.length
    if (length > maxBytes) return undefined
    sinceTurn += part.length
    if (sinceTurn < PIECE_LENGTH) continue
    sinceTurn = 0
    await turnOfOthers()
  }
  return [frameHeader(length), ...parts]
}
