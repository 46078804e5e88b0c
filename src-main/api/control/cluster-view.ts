import type { ApiContext } from '../context'
import type { EventStream } from './event-stream'

/** Sends the cluster view, now and on each change, until the client disconnects. */
export const streamClusterView = (
  cluster: Pick<ApiContext['cluster'], 'view' | 'subscribe'>,
  events: EventStream,
  { event }: { readonly event?: string } = {},
): void => {
  let sent = ''
  const send = (): void => {
    const view = JSON.stringify(cluster.view())
    if (view === sent) return
    sent = view
    events.send(`${event === undefined ? '' : `event: ${event}\n`}data: ${view}`)
  }
  send()
  events.onClose(cluster.subscribe(send))
}
