import type { FitAnswer, FitQuestion } from './fits-protocol'

/** Computes placements: a worker, or a test. */
export interface FitFinder {
  ask(question: FitQuestion): void
  close(): void
}

/** Runs the computation in a web worker. */
export const fitWorker = (answered: (answer: FitAnswer) => void): FitFinder => {
  const worker = new Worker(new URL('./fits.worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<FitAnswer>) => answered(data)
  return { ask: (question) => worker.postMessage(question), close: () => worker.terminate() }
}
