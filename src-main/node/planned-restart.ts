import { HELD_MS, type InstanceQueues, type Serving } from '../serving/index'

/** How long to wait for requests that are refused for a restart. */
const REFUSED_WITHIN_MS = 1000

export interface Answering {
  /** Queues of the instances whose rank 0 is here. */
  readonly queues: Pick<InstanceQueues, 'drain' | 'releaseWaiting'>
  /** Routes the requests that clients sent to this node. */
  readonly serving: Pick<Serving, 'drain' | 'refuseForRestart'>
}

/**
 * Ends the requests of a node that restarts. Running requests, here and on other machines for clients of this node, may
 * complete within `drainMs`. Waiting requests are refused; those of other members are returned to them, to be retried
 * elsewhere.
 */
export const endRequests = async ({ queues, serving }: Answering, drainMs: number): Promise<void> => {
  const held = setTimeout(() => queues.releaseWaiting(), HELD_MS)
  await Promise.all([queues.drain(drainMs), serving.drain(drainMs)])
  clearTimeout(held)
  queues.releaseWaiting()
  await serving.refuseForRestart(REFUSED_WITHIN_MS)
}
