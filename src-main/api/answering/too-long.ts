import { Problem } from '../problem'

/** Returns the answer unchanged; sets `param` on the error if the prompt exceeds the context. Throws Problem. */
export const tooLongIn = async <Value>(param: string, answer: Promise<Value>): Promise<Value> => {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'context_length_exceeded') throw error
    throw new Problem(400, 'context_length_exceeded', error.message, { ...error.more, param })
  }
}
