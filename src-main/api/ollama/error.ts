import type { Problem } from '../problem'

/** Ollama's error object, also used as a line of a stream. */
export const ollamaError = ({ code, explanation }: Problem): object => ({
  error: code === 'overloaded' ? `${BUSY}: ${explanation}` : explanation,
})

/** Ollama's own message when its queue is full. */
const BUSY = 'server busy, please try again'
