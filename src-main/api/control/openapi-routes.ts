import { z } from 'zod'
import { ApplyAnswer, ApplyRequest } from '@core/protocols/apply'
import {
  AdmissionAnswer,
  ChangeNodeSettingsRequest,
  ClusterView,
  CreateMetaInstanceRequest,
  DownloadAnswer,
  DrainRequest,
  DrainView,
  DownloadRequest,
  HubSearchResponse,
  InviteAnswer,
  InviteRequest,
  JoinRequest,
  MeasureRequest,
  MetaInstanceView,
  ModelsResponse,
  NodeSettingsView,
  PlaceInstanceRequest,
  PreviewResponse,
  RenameClusterRequest,
  RenameMemberRequest,
  UpdateMetaInstanceRequest,
  WarningsResponse,
  WhatIfView,
} from '@core/protocols/control'
import {
  ApiKeysResponse,
  CreateApiKeyRequest,
  CreatedApiKey,
  UpdateApiKeyRequest,
  UsageResponse,
} from '@core/protocols/api-keys'
import { ChangePowerRequest, PowerView } from '@core/protocols/power'
import { ChangeSetupRequest, PythonView, SetupView } from '@core/protocols/setup'
import {
  PreviewToolConfigRequest,
  SignInLink,
  ToolConfigPreview,
  ToolConfigsResponse,
  WriteToolConfigRequest,
} from '@core/protocols/connect'
import { RequestsResponse, SupportBundle } from '@core/protocols/activity'
import { RecentEvents } from '@core/protocols/event-stream'
import { DoctorReport } from '@core/protocols/doctor'
import { Instance } from '@core/state/instances'
import { State } from '@core/state/state'
import { CountTokensRequest, MessagesRequest } from '../anthropic/schema'
import { ChatRequest, DeleteRequest, EmbedRequest, GenerateRequest, PullRequest, ShowRequest } from '../ollama/schema'
import { ChatCompletionRequest } from '../openai/chat/schema'
import { CompletionRequest } from '../openai/completions/schema'
import { EmbeddingRequest } from '../openai/embeddings/schema'
import { ListedModel, ListedModels } from '../openai/models'
import { ResponseRequest } from '../openai/responses/schema'
import { Health } from './health'

/** One route of this API. */
export interface Described {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  readonly path: string
  readonly does: string
  readonly body?: z.ZodType
  readonly answer?: z.ZodType
  readonly query?: readonly string[]
  /** Statuses of answers that are no errors; 200 where nothing is said. */
  readonly statuses?: readonly (200 | 201 | 202)[]
  /** The media type of an answer that is not JSON. */
  readonly media?: string
  /** The media type of an answer that comes in parts, where the request asks for one. */
  readonly streamed?: string
  /** What a 503 is, where it is no error. */
  readonly unavailable?: z.ZodType
}

const SSE = 'text/event-stream'
/** A JSON object in each line. */
const LINES = 'application/x-ndjson'

/** All routes, for people and programs that read about them. */
export const ROUTES: readonly Described[] = [
  {
    method: 'post',
    path: '/meta_instance',
    does: 'Declare a model that is to be kept running',
    body: CreateMetaInstanceRequest,
    answer: MetaInstanceView,
    query: ['validate'],
    statuses: [200, 201],
  },
  {
    method: 'get',
    path: '/meta_instances',
    does: 'All declarations with their status',
    answer: z.object({ metaInstances: z.array(MetaInstanceView) }),
  },
  {
    method: 'post',
    path: '/meta_instances/apply',
    does: 'Make declarations as documents have them: all of it, or nothing; with dryRun only what would change',
    body: ApplyRequest,
    answer: ApplyAnswer,
  },
  { method: 'get', path: '/schemas/declaration.json', does: 'The JSON schema of a document, for editors' },
  { method: 'get', path: '/meta_instance/{id}', does: 'One declaration with its status', answer: MetaInstanceView },
  {
    method: 'patch',
    path: '/meta_instance/{id}',
    does: 'Change constraints, name or pause; null clears. Of one loaded on request: pin it, or keep it always on',
    body: UpdateMetaInstanceRequest,
    answer: MetaInstanceView,
  },
  { method: 'delete', path: '/meta_instance/{id}', does: 'Delete a declaration with its instance and tasks' },
  { method: 'post', path: '/meta_instance/{id}/restart', does: 'Load it anew', answer: MetaInstanceView },
  { method: 'get', path: '/meta_instance/{id}/placement', does: 'Where it is, or would be placed' },
  { method: 'get', path: '/meta_instance/{id}/history', does: 'Its decisions, newest first' },
  {
    method: 'post',
    path: '/place_instance',
    does: 'Place one instance that nothing keeps',
    body: PlaceInstanceRequest,
    answer: Instance,
    statuses: [201],
  },
  {
    method: 'get',
    path: '/instance/previews',
    does: 'What each way to share a model out would give',
    answer: PreviewResponse,
    query: ['modelId', 'nodeIds', 'minNodes', 'placementPreference', 'without', 'replacing', 'maxContext'],
  },
  {
    method: 'get',
    path: '/instance/await',
    does: 'Wait until a model can serve',
    answer: Instance,
    query: ['modelId'],
  },
  { method: 'get', path: '/instance/{id}', does: 'One instance', answer: Instance },
  { method: 'delete', path: '/instance/{id}', does: 'Delete one instance' },
  { method: 'get', path: '/runner/{id}/console', does: 'What a runner printed lately', media: 'text/plain' },
  { method: 'get', path: '/state', does: 'Everything this node knows', answer: State },
  {
    method: 'get',
    path: '/events',
    does: 'What happens, as server-sent events',
    query: ['after', 'term', 'cluster'],
    media: SSE,
  },
  {
    method: 'get',
    path: '/events/recent',
    does: 'The last events that this node knows, oldest first',
    answer: RecentEvents,
    query: ['last'],
  },
  {
    method: 'get',
    path: '/requests',
    does: 'The last requests that this node took, and where their time went; nothing of what was asked',
    query: ['last'],
    answer: RequestsResponse,
  },
  {
    method: 'delete',
    path: '/requests/{taskId}',
    does: 'Cancel a request that is under way, on whichever machine',
    answer: z.object({ taskId: z.string() }),
  },
  {
    method: 'get',
    path: '/support_bundle',
    does: 'What whoever helps needs to see, without secrets and without prompts',
    answer: SupportBundle,
  },
  {
    method: 'get',
    path: '/connect/tools',
    does: 'Programs on this machine whose configuration can be written; from this machine alone',
    answer: ToolConfigsResponse,
  },
  {
    method: 'post',
    path: '/connect/tools/{tool}/preview',
    does: 'What would be written into the configuration of a program',
    body: PreviewToolConfigRequest,
    answer: ToolConfigPreview,
  },
  {
    method: 'post',
    path: '/connect/tools/{tool}',
    does: 'Write what was shown, if the file is still the same',
    body: WriteToolConfigRequest,
    answer: ToolConfigsResponse,
  },
  {
    method: 'delete',
    path: '/connect/tools/{tool}',
    does: 'Put back what was there before, if nobody has changed the file since',
    answer: ToolConfigsResponse,
  },
  {
    method: 'post',
    path: '/connect/sign_in_link',
    does: 'A path that signs one browser in, once, where the API is open to the network',
    answer: SignInLink,
    statuses: [201],
  },
  {
    method: 'get',
    path: '/node/log',
    does: 'The last lines of this node’s log, each a JSON object',
    query: ['lines', 'since'],
    media: LINES,
  },
  {
    method: 'get',
    path: '/node/log/events',
    does: 'The same as server-sent events, and then those to come',
    query: ['lines', 'since'],
    media: SSE,
  },
  {
    method: 'get',
    path: '/warnings',
    does: 'What is wrong, why, and how it is put right, most severe first',
    answer: WarningsResponse,
  },
  {
    method: 'get',
    path: '/node/settings',
    does: 'What of this machine’s settings can be changed while it runs',
    answer: NodeSettingsView,
  },
  {
    method: 'patch',
    path: '/node/settings',
    does: 'Change them; what the command line or the environment sets is held',
    body: ChangeNodeSettingsRequest,
    answer: NodeSettingsView,
  },
  {
    method: 'get',
    path: '/node/power',
    does: 'Whether this machine may sleep, and what is set about it',
    answer: PowerView,
  },
  {
    method: 'patch',
    path: '/node/power',
    does: 'Set whether it stays awake for the declared models that run on it',
    body: ChangePowerRequest,
    answer: PowerView,
  },
  {
    method: 'get',
    path: '/node/setup',
    does: 'How far a person got with setting this machine up, and what that depends on',
    answer: SetupView,
  },
  { method: 'patch', path: '/node/setup', does: 'Keep how far that is', body: ChangeSetupRequest, answer: SetupView },
  {
    method: 'post',
    path: '/node/python',
    does: 'Install the Python environment that runs models; nothing happens where it is there, or on its way',
    answer: PythonView,
    statuses: [202],
  },
  { method: 'delete', path: '/node/python', does: 'Stop that; what is installed stays', answer: PythonView },
  {
    method: 'get',
    path: '/node/python/events',
    does: 'How the installation gets on and what it prints, as server-sent events',
    media: SSE,
  },
  { method: 'get', path: '/models', does: 'The models of the cluster', answer: ModelsResponse },
  {
    method: 'get',
    path: '/models/search',
    does: 'MLX models on the hub',
    query: ['q'],
    answer: HubSearchResponse,
  },
  {
    method: 'post',
    path: '/models/{id}/download',
    does: 'Bring a model to a machine’s disk; the id may hold its slash',
    body: DownloadRequest,
    query: ['nodeId'],
    answer: DownloadAnswer,
    statuses: [202],
  },
  {
    method: 'delete',
    path: '/models/{id}/download',
    does: 'End that, or delete the model from Muster’s own folder there',
    query: ['nodeId'],
    answer: DownloadAnswer,
  },
  { method: 'get', path: '/cluster', does: 'Who belongs together, who is near, who asks to join', answer: ClusterView },
  {
    method: 'patch',
    path: '/cluster',
    does: 'Give the cluster another name',
    body: RenameClusterRequest,
    answer: ClusterView,
  },
  {
    method: 'patch',
    path: '/cluster/members/{id}',
    does: 'Give a machine another name; it keeps it until its own settings name it anew',
    body: RenameMemberRequest,
    answer: ClusterView,
  },
  {
    method: 'post',
    path: '/cluster/members/{id}/drain',
    does: 'Move a machine’s models elsewhere, each ready there before it ends here, and keep others away',
    body: DrainRequest,
    answer: DrainView,
  },
  { method: 'get', path: '/cluster/members/{id}/drain', does: 'What is still on a machine', answer: DrainView },
  {
    method: 'get',
    path: '/cluster/what-if',
    does: 'What would become of each declaration without each machine',
    answer: WhatIfView,
  },
  { method: 'get', path: '/cluster/events', does: 'The same whenever it changes, as server-sent events', media: SSE },
  {
    method: 'get',
    path: '/cluster/doctor',
    does: 'What every machine sees of every other, and what to do where they do not reach one another',
    answer: DoctorReport,
  },
  {
    method: 'post',
    path: '/cluster/invite',
    does: 'A token that lets one machine in, once',
    body: InviteRequest,
    answer: InviteAnswer,
    statuses: [201],
  },
  {
    method: 'post',
    path: '/cluster/measure',
    does: 'Measure how much the connections between two machines carry',
    body: MeasureRequest,
  },
  {
    method: 'post',
    path: '/cluster/join',
    does: 'Join another cluster',
    body: JoinRequest,
    answer: ClusterView,
    statuses: [202],
  },
  { method: 'delete', path: '/cluster/join', does: 'Give a joining up' },
  { method: 'post', path: '/cluster/requests/{id}', does: 'Let a machine in, or not', body: AdmissionAnswer },
  { method: 'delete', path: '/members/{id}', does: 'Take a machine out of the cluster' },
  {
    method: 'get',
    path: '/api_keys',
    does: 'The API keys with their limits and usage, without the keys themselves',
    answer: ApiKeysResponse,
  },
  {
    method: 'post',
    path: '/api_keys',
    does: 'Create an API key; limits hold at each node that takes its requests',
    body: CreateApiKeyRequest,
    answer: CreatedApiKey,
    statuses: [201],
  },
  {
    method: 'patch',
    path: '/api_keys/{id}',
    does: 'Rename an API key, or replace its limits; null removes them',
    body: UpdateApiKeyRequest,
  },
  { method: 'delete', path: '/api_keys/{id}', does: 'Revoke an API key; its usage goes with it' },
  {
    method: 'get',
    path: '/usage',
    does: 'What was used by each key, by model, this month and in total',
    answer: UsageResponse,
  },
  {
    method: 'get',
    path: '/health',
    does: 'Whether this node can decide; with models=1 also whether every model serves that is not paused. 503 if not',
    answer: Health,
    query: ['models'],
    unavailable: Health,
  },
  { method: 'get', path: '/metrics', does: 'Figures in Prometheus’ format', media: 'text/plain', query: ['by'] },
  {
    method: 'get',
    path: '/v1/models',
    does: 'OpenAI: the models that are declared, and what each id stands for',
    answer: ListedModels,
  },
  { method: 'get', path: '/v1/models/{id}', does: 'OpenAI: one of them', answer: ListedModel },
  {
    method: 'post',
    path: '/v1/chat/completions',
    does: 'OpenAI: continue a conversation',
    body: ChatCompletionRequest,
    streamed: SSE,
  },
  { method: 'post', path: '/v1/completions', does: 'OpenAI: continue a text', body: CompletionRequest, streamed: SSE },
  {
    method: 'post',
    path: '/v1/responses',
    does: 'OpenAI: continue a conversation, as items and events',
    body: ResponseRequest,
    streamed: SSE,
  },
  {
    method: 'post',
    path: '/v1/responses/input_tokens',
    does: 'OpenAI: count the tokens of a conversation',
    body: ResponseRequest,
  },
  { method: 'get', path: '/v1/responses/{id}', does: 'OpenAI: a response that is kept' },
  { method: 'delete', path: '/v1/responses/{id}', does: 'OpenAI: forget it' },
  { method: 'post', path: '/v1/embeddings', does: 'OpenAI: vectors of texts', body: EmbeddingRequest },
  { method: 'post', path: '/v1/cancel/{id}', does: 'End the answer of that id' },
  {
    method: 'post',
    path: '/v1/messages',
    does: 'Anthropic: continue a conversation',
    body: MessagesRequest,
    streamed: SSE,
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    does: 'Anthropic: count the tokens of a conversation',
    body: CountTokensRequest,
  },
  { method: 'post', path: '/api/chat', does: 'Ollama: continue a conversation', body: ChatRequest, streamed: LINES },
  { method: 'post', path: '/api/generate', does: 'Ollama: answer a prompt', body: GenerateRequest, streamed: LINES },
  { method: 'post', path: '/api/embed', does: 'Ollama: embeddings of texts', body: EmbedRequest },
  { method: 'get', path: '/api/tags', does: 'Ollama: the models that are declared' },
  { method: 'get', path: '/api/ps', does: 'Ollama: the models that are in memory' },
  { method: 'post', path: '/api/show', does: 'Ollama: what a model is and can do', body: ShowRequest },
  {
    method: 'post',
    path: '/api/pull',
    does: 'Ollama: bring a model to this machine’s disk',
    body: PullRequest,
    streamed: LINES,
  },
  {
    method: 'delete',
    path: '/api/delete',
    does: 'Ollama: delete a model from this machine’s disk',
    body: DeleteRequest,
  },
  { method: 'get', path: '/api/version', does: 'Ollama: the version of its API that is spoken here' },
]
