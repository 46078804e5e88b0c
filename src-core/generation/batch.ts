/** Requests that a runner decodes together (its `COMPLETION_BATCH`), where it does not say otherwise. */
export const BATCH_SIZE = 32
