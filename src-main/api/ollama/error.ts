import type { Problem } from '../problem'

/** Ollama's error object, also as a line of a stream: one text. */
export const ollamaError = ({ code, explanation }: Problem): object => ({
  error: code === 'overloaded' ? `${BUSY}: ${explanation}` : explanation,
})

/** What Ollama says where its own queue is full. */
const BUSY = 'server busy, please try again'
