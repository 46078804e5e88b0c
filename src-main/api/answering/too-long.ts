import { Problem } from '../problem'

/** The same answer; where the prompt does not fit into the context, `param` is the field to blame. Throws Problem. */
export const tooLongIn = async <Value>(param: string, answer: Promise<Value>): Promise<Value> => {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'context_length_exceeded') throw error
    throw new Problem(400, 'context_length_exceeded', error.message, { ...error.more, param })
  }
}
