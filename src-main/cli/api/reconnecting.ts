import { setTimeout as wait } from 'node:timers/promises'
import { CommandError, UNREACHABLE } from '../exit-codes'
import type { NodeApi } from './node-api'

const RETRY_MS = 1000

export interface Reconnecting {
  readonly signal?: AbortSignal
  /** Called once when the connection is lost, before it is opened again. */
  readonly onLost: (text: string) => Promise<void>
}

const isUnreachable = (error: unknown): boolean => !(error instanceof CommandError) || error.exitCode === UNREACHABLE

/**
 * Yields the items of a stream, which is opened again after a lost connection or a restart of the node. Throws if the
 * first connection fails, and for errors other than connection errors.
 *
 * @param open a stream from where the last one ended; calls `connected` once the node has answered
 */
export async function* reconnecting<Item>(
  { address }: Pick<NodeApi, 'address'>,
  { signal, onLost }: Reconnecting,
  open: (connected: () => void) => AsyncIterable<Item>,
): AsyncGenerator<Item> {
  let began = false
  let isLost = false
  const connected = (): void => {
    began = true
    isLost = false
  }
  while (!signal?.aborted) {
    try {
      yield* open(connected)
    } catch (error) {
      if (signal?.aborted) return
      if (!began || !isUnreachable(error)) throw error
    }
    if (signal?.aborted) return
    if (!isLost) await onLost(`The connection to ${address} was lost; waiting for the node to come back …`)
    isLost = true
    await wait(RETRY_MS, undefined, { ...(signal && { signal }) }).catch(() => undefined)
  }
}
