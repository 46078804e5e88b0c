import { setTimeout as wait } from 'node:timers/promises'
import { CommandError, UNREACHABLE } from '../exit-codes'
import type { NodeApi } from './node-api'
import { serverSentEvents } from './server-sent-events'

const RETRY_MS = 1000
/** Most lines to fetch after a lost connection. */
const MOST_MISSED = 10_000

export interface FollowLog {
  /** Number of past lines. */
  readonly lines: number
  readonly onLost: (text: string) => Promise<void>
}

const timeOf = (line: string): string | undefined => /"time":"([^"]*)"/.exec(line)?.[1]

/** The last lines of the node's log. */
export const readLog = async (api: NodeApi, lines: number): Promise<readonly string[]> =>
  (await api.text(`/node/log?lines=${lines}`)).split('\n').filter((line) => line !== '')

/** Follows the log across restarts of the node; each line appears once. */
export async function* followLog(api: NodeApi, { lines, onLost }: FollowLog): AsyncGenerator<string> {
  let since: string | undefined
  /** Lines with the timestamp `since`, which the node sends again after a reconnect. */
  let seen = new Set<string>()
  for (let began = false; ;) {
    try {
      const query = since === undefined ? `lines=${lines}` : `lines=${MOST_MISSED}&since=${encodeURIComponent(since)}`
      const answer = await api.open(`/node/log/events?${query}`, { withinMs: Infinity })
      began = true
      for await (const { data: line } of serverSentEvents(answer)) {
        if (seen.has(line)) continue
        const time = timeOf(line)
        if (time !== undefined && time !== since) {
          since = time
          seen = new Set()
        }
        seen.add(line)
        yield line
      }
    } catch (error) {
      const isLost = !(error instanceof CommandError) || error.exitCode === UNREACHABLE
      if (!began || !isLost) throw error
    }
    await onLost(`The connection to ${api.address} was lost; waiting for the node to come back …`)
    await wait(RETRY_MS)
  }
}
