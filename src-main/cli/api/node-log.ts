import type { NodeApi } from './node-api'
import { reconnecting, type Reconnecting } from './reconnecting'
import { serverSentEvents } from './server-sent-events'

/** Most lines to fetch after a lost connection. */
const MOST_MISSED = 10_000

export interface FollowLog extends Reconnecting {
  /** Number of past lines. */
  readonly lines: number
}

const timeOf = (line: string): string | undefined => /"time":"([^"]*)"/.exec(line)?.[1]

/** The last lines of the node's log. */
export const readLog = async (api: NodeApi, lines: number): Promise<readonly string[]> =>
  (await api.text(`/node/log?lines=${lines}`)).split('\n').filter((line) => line !== '')

/** Follows the log across reconnects (see `reconnecting`); each line appears once. */
export const followLog = (api: NodeApi, { lines, ...following }: FollowLog): AsyncGenerator<string> => {
  let since: string | undefined
  /** Lines with the timestamp `since`, which the node sends again after a reconnect. */
  let seen = new Set<string>()
  return reconnecting(api, following, async function* (connected) {
    const query = since === undefined ? `lines=${lines}` : `lines=${MOST_MISSED}&since=${encodeURIComponent(since)}`
    const answer = await api.open(`/node/log/events?${query}`, { withinMs: Infinity })
    connected()
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
  })
}
