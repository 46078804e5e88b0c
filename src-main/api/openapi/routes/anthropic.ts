import { CountTokensRequest, MessagesRequest } from '../../anthropic/schema'
import { MODEL, SSE, type Described } from '../described'

/** Anthropic’s API. */
export const ANTHROPIC: readonly Described[] = [
  {
    method: 'post',
    path: '/v1/messages',
    does: 'Continue a conversation',
    body: { MessagesRequest },
    example: { body: { model: MODEL, max_tokens: 16, messages: [{ role: 'user', content: 'Say hello.' }] } },
    streamed: SSE,
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    does: 'Count the tokens of a conversation',
    body: { CountTokensRequest },
    example: { body: { model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }] } },
  },
]
