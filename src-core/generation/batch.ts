/** Default decode batch size of a runner (its `COMPLETION_BATCH`) where the runner does not report one. */
export const BATCH_SIZE = 32
