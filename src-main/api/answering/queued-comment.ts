/** A comment of an event stream, which clients skip: so many requests are ahead of this one. */
export const queuedComment = (ahead: number): string => `: queued, ${ahead} ahead\n\n`
