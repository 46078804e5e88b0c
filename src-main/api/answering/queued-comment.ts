/** An SSE comment, ignored by clients, that gives the request's position in the queue. */
export const queuedComment = (ahead: number): string => `: queued, ${ahead} ahead\n\n`
