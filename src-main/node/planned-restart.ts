import type { InstanceQueues } from '../serving/instance-queues'
import { HELD_MS } from '../serving/restart-gate'
import type { Serving } from '../serving/serving'

/** How long to wait for requests that are refused for a restart. */
const REFUSED_WITHIN_MS = 1000

export interface Answering {
  /** Of the instances whose rank 0 is here. */
  readonly queues: Pick<InstanceQueues, 'drain' | 'releaseWaiting'>
  /** Of the requests that came in here. */
  readonly serving: Pick<Serving, 'drain' | 'refuseForRestart'>
}

/**
 * Ends the requests of a node that restarts: answers under way here, and those that other machines compute for clients
 * of this one, are completed within `drainMs`; waiting requests are refused, and those of other members released to them.
 */
export const endRequests = async ({ queues, serving }: Answering, drainMs: number): Promise<void> => {
  const held = setTimeout(() => queues.releaseWaiting(), HELD_MS)
  await Promise.all([queues.drain(drainMs), serving.drain(drainMs)])
  clearTimeout(held)
  queues.releaseWaiting()
  await serving.refuseForRestart(REFUSED_WITHIN_MS)
}
