import { ChatCompletionRequest } from '../../openai/chat/schema'
import { CompletionRequest } from '../../openai/completions/schema'
import { EmbeddingRequest } from '../../openai/embeddings/schema'
import { ListedModel, ListedModels } from '../../openai/models'
import { ResponseRequest } from '../../openai/responses/schema'
import { MODEL, SSE, type Described } from '../described'

/** OpenAI’s API. */
export const OPENAI: readonly Described[] = [
  {
    method: 'get',
    path: '/v1/models',
    does: 'List the declared models, with details of each id',
    answer: { ListedModels },
  },
  { method: 'get', path: '/v1/models/{id}', does: 'One model of the list', answer: { ListedModel } },
  {
    method: 'post',
    path: '/v1/chat/completions',
    does: 'Continue a conversation',
    body: { ChatCompletionRequest },
    example: { body: { model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }], max_tokens: 16 } },
    streamed: SSE,
  },
  {
    method: 'post',
    path: '/v1/completions',
    does: 'Continue a text',
    body: { CompletionRequest },
    example: { body: { model: MODEL, prompt: 'Once upon a time', max_tokens: 16 } },
    streamed: SSE,
  },
  {
    method: 'post',
    path: '/v1/responses',
    does: 'Create a response: continue a conversation, in items and events',
    body: { ResponseRequest },
    example: { body: { model: MODEL, input: 'Say hello.', max_output_tokens: 16 } },
    streamed: SSE,
  },
  {
    method: 'post',
    path: '/v1/responses/input_tokens',
    does: 'Count the tokens of a conversation',
    body: { ResponseRequest },
    example: { body: { model: MODEL, input: 'Say hello.' } },
  },
  { method: 'get', path: '/v1/responses/{id}', does: 'Retrieve a stored response' },
  {
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    does: 'List the input items of a stored response, in pages',
  },
  { method: 'delete', path: '/v1/responses/{id}', does: 'Delete a stored response' },
  { method: 'post', path: '/v1/responses/{id}/cancel', does: 'Cancel a response in progress' },
  { method: 'post', path: '/v1/embeddings', does: 'Compute embeddings of texts', body: { EmbeddingRequest } },
  { method: 'post', path: '/v1/cancel/{id}', does: 'Cancel an answer in progress' },
]
