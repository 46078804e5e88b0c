/** `unreachable`: what is shown may be out of date. `signedOut`: the node answers, but wants to know who asks. */
export type Reach = 'starting' | 'unreachable' | 'signedOut'

/** What a feed tells. */
export type FeedMessage =
  | {
      /** What is in `data`: messages of the state, or the cluster as the node sees it. */
      readonly kind: 'state' | 'cluster'
      /** JSON. */
      readonly data: string
    }
  | { readonly kind: 'reach'; readonly reach: Reach }

/** What happens on the node: to each listener first a snapshot, then what follows it. */
export interface Feed {
  /** Returns the way to stop. */
  listen(listener: (message: FeedMessage) => void): () => void
  /** What came was not understood: a snapshot comes again. */
  restart(): void
  close(): void
}
