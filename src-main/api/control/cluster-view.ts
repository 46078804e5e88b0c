import type { ServerResponse } from 'node:http'
import type { ApiContext } from '../context'

/** Sends the cluster view, now and on each change, until the client disconnects. */
export const streamClusterView = (
  cluster: ApiContext['cluster'],
  out: ServerResponse,
  { event }: { readonly event?: string } = {},
): void => {
  let sent = ''
  const send = (): void => {
    const view = JSON.stringify(cluster.view())
    if (view === sent) return
    sent = view
    out.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${view}\n\n`)
  }
  send()
  out.on('close', cluster.subscribe(send))
}
