import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Writable } from 'node:stream'
import type { RunnerCommand } from '@core/protocols/runner'
import { encodeFrame, frameHeader } from './frames'
import { jsonPieces, PIECE_LENGTH, weightOf } from './json-pieces'

/**
 * Writes commands to a runner's pipe, in order. A large one is encoded in pieces, between which the event loop serves
 * other requests; commands after it wait.
 */
export class CommandWriter {
  /** Commands waiting to be written; the first is being encoded. */
  private readonly waiting: RunnerCommand[] = []

  constructor(private readonly pipe: Writable) {}

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
      const frame = isSmall(command) ? [encodeFrame(command)] : await encodeInTurns(command)
      this.pipe.cork()
      for (const part of frame) this.pipe.write(part)
      this.pipe.uncork()
      this.waiting.shift()
    }
  }
}

const isSmall = (command: RunnerCommand): boolean => weightOf(command, PIECE_LENGTH) <= PIECE_LENGTH

const encodeInTurns = async (command: RunnerCommand): Promise<Buffer[]> => {
  const parts: Buffer[] = []
  let length = 0
  let sinceTurn = 0
  for (const piece of jsonPieces(command)) {
    const part = Buffer.from(piece)
    parts.push(part)
    length += part.length
    sinceTurn += part.length
    if (sinceTurn < PIECE_LENGTH) continue
    sinceTurn = 0
    await turnOfOthers()
  }
  return [frameHeader(length), ...parts]
}
