import type { GenerationRequest } from '@core/generation/request'
import { GenerationUpdate } from '@core/generation/stream'
import type { InstanceId, NodeId } from '@core/ids'
import { PEER_PROTOCOL, TOKENS_SINCE_PROTOCOL, type GenerateParams } from '@core/protocols/peer'
import { EMBEDDINGS_SINCE_PROTOCOL } from '@core/state/nodes'
import { fromUpdate1, GenerationUpdate1, toRequest1, type GenerateParams1 } from '@core/protocols/peer-1'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'

export interface RankZeroOptions {
  readonly instanceId: InstanceId
  readonly signal: AbortSignal
  /** Id of the API key, for the queue on the machine of rank 0. */
  readonly key: string
  /** Parent of the spans on that machine. */
  readonly traceparent?: string | undefined
}

type Generate = (request: GenerationRequest, options: RankZeroOptions) => AsyncIterable<GenerationUpdate>

export interface RankZeroParts {
  readonly self: NodeId
  readonly state: () => State
  readonly here: { generate: Generate }
  /** Streams from another machine; rejects if it is unreachable. */
  readonly elsewhere: (
    nodeId: NodeId,
    params: GenerateParams | GenerateParams1,
    signal: AbortSignal,
  ) => AsyncIterable<unknown>
  readonly suspects: {
    /** Refusal of a request that has ended too many runners; undefined if it may run. */
    refusal(request: GenerationRequest): GenerationUpdate | undefined
    /** What this node has recorded of runners that died during the request. */
    of(request: GenerationRequest): GenerateParams['suspicion']
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const isTooLarge = (error: unknown): boolean => hasCode(error, 'too_large')
const isUnreachable = (error: unknown): boolean => hasCode(error, 'not_connected')

/** Streams from the node that holds rank 0 of an instance: this node, or another one over its link. */
export const rankZero = ({ self, state, here, elsewhere, suspects }: RankZeroParts): { generate: Generate } => ({
  generate: async function* (request, options) {
    const { instanceId, signal, key, traceparent } = options
    const nodeId = state().instances[instanceId]?.shards[0]?.nodeId
    if (nodeId === undefined || nodeId === self) return yield* here.generate(request, options)
    // Checked on this side too, because machines of older versions do not track suspects.
    const refusal = suspects.refusal(request)
    if (refusal) {
      yield refusal
      return
    }
    try {
      const protocol = state().nodes[nodeId]?.protocol ?? PEER_PROTOCOL
      if (request.prompt.kind === 'embed' && protocol < EMBEDDINGS_SINCE_PROTOCOL) {
        const message = `${nodeName(state(), nodeId)}, which runs this model, has an older Muster without embeddings; update it`
        yield { type: 'failed', code: 'unsupported', message }
        return
      }
      if (request.prompt.kind === 'tokens' && protocol < TOKENS_SINCE_PROTOCOL) {
        const message = `${nodeName(state(), nodeId)}, which runs this model, has an older Muster that supports text prompts only; update it`
        yield { type: 'failed', code: 'unsupported', message }
        return
      }
      if (protocol > 1) {
        const suspicion = suspects.of(request)
        const optional = { ...(suspicion && { suspicion }), ...(traceparent !== undefined && { traceparent }) }
        const params = { form: 2, request, instanceId, key, ...optional } as const
        for await (const item of elsewhere(nodeId, params, signal)) yield GenerationUpdate.parse(item)
        return
      }
      const request1 = toRequest1(request)
      if (request1 === undefined) {
        const message = `${nodeName(state(), nodeId)}, which runs this model, has an older Muster that supports plain text only; update it`
        yield { type: 'failed', code: 'unsupported', message }
        return
      }
      for await (const item of elsewhere(nodeId, { request: request1, instanceId }, signal))
        yield fromUpdate1(GenerationUpdate1.parse(item))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (isTooLarge(error)) {
        const message = `This request cannot be forwarded to the machine that runs the model: ${why}. Send less, or send it to that machine`
        yield { type: 'failed', code: 'invalid_request', message }
        return
      }
      // An unreachable machine has begun nothing, so the request may be retried there or on another instance.
      const code = isUnreachable(error) ? 'model_unavailable' : 'runner_failed'
      yield { type: 'failed', code, message: `${nodeName(state(), nodeId)}: ${why}` }
    }
  },
})
