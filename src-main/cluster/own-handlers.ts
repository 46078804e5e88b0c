import type { NodeId } from '@core/ids'
import { MeasureParams, SubmitParams, WatchParams } from '@core/protocols/peer'
import type { ConsensusNode } from './consensus-node'
import type { LinksOptions } from './links/links'
import type { Item } from './links/streams'

type Handlers = LinksOptions['handlers']

/** A stream of one item. */
export async function* one(value: Promise<Item> | undefined): AsyncGenerator<Item> {
  yield await value
}

/** Handlers of the streams that the cluster itself serves to members: commands, state, measurements. */
export const ownHandlers = (deciding: ConsensusNode, measure: (nodeId: NodeId) => Promise<void>): Handlers =>
  new Map<string, (params: unknown, signal: AbortSignal, from: NodeId) => AsyncIterable<Item>>([
    [
      'submit',
      async function* (params) {
        const { command, commandId } = SubmitParams.parse(params)
        yield await deciding.submittedBy(command, commandId)
      },
    ],
    [
      'measure',
      async function* (params) {
        await measure(MeasureParams.parse(params).nodeId)
        yield {}
      },
    ],
    ['watch', (params, signal) => deciding.watchedBy(WatchParams.parse(params).term, signal)],
  ])
