/** `unreachable`: the shown state may be out of date. `signedOut`: the node answers, but requires authentication. */
export type Reach = 'starting' | 'unreachable' | 'signedOut'

/** Messages to a feed's listeners. */
export type FeedMessage =
  | {
      /** Content of `data`: messages of the state, or this node's view of the cluster. */
      readonly kind: 'state' | 'cluster'
      /** JSON. */
      readonly data: string
    }
  | { readonly kind: 'reach'; readonly reach: Reach }

/** The node's events. Each listener gets a snapshot first, then what follows it. */
export interface Feed {
  /** Returns the unsubscribe function. */
  listen(listener: (message: FeedMessage) => void): () => void
  /** Requests a new snapshot, because an event could not be processed. */
  restart(): void
  close(): void
}
