import {
  ChatRequest,
  DeleteRequest,
  EmbedRequest,
  GenerateRequest,
  PullRequest,
  ShowRequest,
} from '../../ollama/schema'
import { LINES, MODEL, type Described } from '../described'

/** Ollama’s API. */
export const OLLAMA: readonly Described[] = [
  {
    method: 'post',
    path: '/api/chat',
    does: 'Continue a conversation',
    body: { ChatRequest },
    example: {
      body: {
        model: MODEL,
        messages: [{ role: 'user', content: 'Say hello.' }],
        stream: false,
        options: { num_predict: 16 },
      },
    },
    streamed: LINES,
  },
  {
    method: 'post',
    path: '/api/generate',
    does: 'Complete a prompt',
    body: { GenerateRequest },
    example: { body: { model: MODEL, prompt: 'Say hello.', stream: false, options: { num_predict: 16 } } },
    streamed: LINES,
  },
  { method: 'post', path: '/api/embed', does: 'Compute embeddings of texts', body: { EmbedRequest } },
  { method: 'get', path: '/api/tags', does: 'List the declared models' },
  { method: 'get', path: '/api/ps', does: 'List the models in memory' },
  {
    method: 'post',
    path: '/api/show',
    does: 'Details and capabilities of a model',
    body: { ShowRequest },
    example: { body: { model: MODEL } },
  },
  {
    method: 'post',
    path: '/api/pull',
    does: 'Download a model to this machine’s disk',
    body: { PullRequest },
    streamed: LINES,
  },
  {
    method: 'delete',
    path: '/api/delete',
    does: 'Delete a model from this machine’s disk',
    body: { DeleteRequest },
  },
  { method: 'get', path: '/api/version', does: 'The version of Ollama’s API that is implemented' },
]
