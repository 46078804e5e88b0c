import { whenIdle } from '../../state/idle'
import type { FitAnswer, FitQuestion } from './fits-protocol'

/** Computes placements: a worker, or a test. */
export interface FitFinder {
  ask(question: FitQuestion): void
  close(): void
}

/** Longest delay of a question while the window is busy. */
const BUSY_MS = 500

/**
 * Runs the computation in a web worker. Starting it and copying a large state to it take longer than a frame, so both
 * wait until the window has nothing to draw.
 */
export const fitWorker = (answered: (answer: FitAnswer) => void): FitFinder => {
  let worker: Worker | undefined
  let waiting: FitQuestion[] = []
  let callOff: (() => void) | undefined
  const send = (): void => {
    callOff = undefined
    worker ??= new Worker(new URL('./fits.worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<FitAnswer>) => answered(data)
    // In order and complete: each question has only the changes since the one before.
    for (const question of waiting) worker.postMessage(question)
    waiting = []
  }
  return {
    ask: (question) => {
      waiting.push(question)
      callOff ??= whenIdle(send, { withinMs: BUSY_MS })
    },
    close: () => {
      callOff?.()
      worker?.terminate()
    },
  }
}
