import type { Problem } from '../problem'

/** Ollama's error object, also as a line of a stream: one text. */
export const ollamaError = ({ explanation }: Problem): object => ({ error: explanation })
