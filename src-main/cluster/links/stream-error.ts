/** A stream that was refused, that the other side ended with an error, or that was lost with its link. */
export class StreamError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = 'StreamError'
  }
}

export const tooLarge = (what: string, limitBytes: number): StreamError =>
  new StreamError('too_large', `${what} is larger than the message limit of links (${limitBytes / 2 ** 20} MiB)`)

export const lost = (): StreamError => new StreamError('link_lost', 'The connection to that machine was lost')

/** The peer exceeded its credit: the stream is ended. */
export const flooded = (): StreamError => new StreamError('flooded', 'That machine sent more than requested')

export const invalid = (did: string): StreamError => new StreamError('invalid', `That machine ${did}`)

/** Too many large messages arrive over one link at the same time. */
export const busy = (): StreamError =>
  new StreamError('busy', 'That machine is receiving too many large messages; try again later')
