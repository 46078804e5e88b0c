import type { Socket } from 'node:net'
import { z } from 'zod'
import { RunnerEvent } from '@core/protocols/runner'
import { FrameDecoder, FrameError } from './frames'

/** Validates an event. Throws FrameError if it is invalid. */
const parse = (value: unknown): RunnerEvent => {
  const parsed = RunnerEvent.safeParse(value)
  if (parsed.success) return parsed.data
  const why = z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 300)
  throw new FrameError(`the runner sent an event that the protocol does not know: ${why}`)
}

export interface EventHandlers {
  readonly event: (event: RunnerEvent) => void
  /** The runner broke the protocol; nothing more is read from it. */
  readonly broken: (reason: string) => void
}

/** Starts reading a runner's events. */
export const readEvents = (pipe: Socket, { event, broken }: EventHandlers): void => {
  const decoder = new FrameDecoder()
  const take = (chunk: Buffer): void => {
    try {
      for (const value of decoder.push(chunk).map(parse)) event(value)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      pipe.off('data', take)
      // Keep draining, so that the runner never blocks on a full pipe.
      pipe.resume()
      broken(error.message)
    }
  }
  pipe.on('data', take)
}
