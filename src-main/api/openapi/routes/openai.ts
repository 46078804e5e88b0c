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
    does: 'The models that are declared, and what each id stands for',
    answer: { ListedModels },
  },
  { method: 'get', path: '/v1/models/{id}', does: 'One of them', answer: { ListedModel } },
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
    does: 'Continue a conversation, as items and events',
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
  { method: 'get', path: '/v1/responses/{id}', does: 'A response that is kept' },
  { method: 'get', path: '/v1/responses/{id}/input_items', does: 'What it was asked, by pages' },
  { method: 'delete', path: '/v1/responses/{id}', does: 'Forget it' },
  { method: 'post', path: '/v1/responses/{id}/cancel', does: 'End a response that is being made' },
  { method: 'post', path: '/v1/embeddings', does: 'Vectors of texts', body: { EmbeddingRequest } },
  { method: 'post', path: '/v1/cancel/{id}', does: 'End the answer of that id' },
]
