import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { MetaInstanceStatusWord } from '@core/state/status'
import { TaskStatus } from '@core/state/tasks'
import { RewrittenGauge } from './rewritten-gauge'

/** Outcomes of requests as their clients see them. */
export const OUTCOMES = ['finished', 'cancelled', 'failed', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Where computed prompts are found: in a runner's memory, on its disk, or on its disk as a copy from another machine. */
export const TIERS = ['memory', 'disk', 'peer'] as const
/** What becomes of draft tokens. */
export const DRAFT_RESULTS = ['accepted', 'rejected'] as const

const FIRST_TOKEN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const PER_TOKEN_SECONDS = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1]
const REQUEST_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const RECOVERY_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600]

/**
 * Counters and histograms, updated on the node where the event happens. Names end in `_total` or a unit, as Prometheus
 * asks.
 */
export const counted = (registers: Registry[]) => ({
  requests: new Counter({
    name: 'muster_requests_total',
    help: 'Requests to this node, by outcome.',
    labelNames: ['model', 'outcome'] as const,
    registers,
  }),
  promptTokens: new Counter({
    name: 'muster_prompt_tokens_total',
    help: 'Prompt tokens; those reused from the cache are "cached".',
    labelNames: ['model', 'source'] as const,
    registers,
  }),
  cachedTokens: new Counter({
    name: 'muster_cached_prompt_tokens_total',
    help: 'Cached prompt tokens, by source.',
    labelNames: ['model', 'tier'] as const,
    registers,
  }),
  draftTokens: new Counter({
    name: 'muster_draft_tokens_total',
    help: 'Draft tokens of speculative decoding, by whether they were accepted.',
    labelNames: ['model', 'result'] as const,
    registers,
  }),
  completionTokens: new Counter({
    name: 'muster_completion_tokens_total',
    help: 'Tokens of answers.',
    labelNames: ['model'] as const,
    registers,
  }),
  firstToken: new Histogram({
    name: 'muster_time_to_first_token_seconds',
    help: 'Time from the request to its first token, including queueing.',
    labelNames: ['model'] as const,
    buckets: FIRST_TOKEN_SECONDS,
    registers,
  }),
  perToken: new Histogram({
    name: 'muster_time_per_output_token_seconds',
    help: 'Average time between two tokens of an answer.',
    labelNames: ['model'] as const,
    buckets: PER_TOKEN_SECONDS,
    registers,
  }),
  requestSeconds: new Histogram({
    name: 'muster_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['model'] as const,
    buckets: REQUEST_SECONDS,
    registers,
  }),
  placements: new Counter({ name: 'muster_placements_total', help: 'Instances that were placed.', registers }),
  placementFailures: new Counter({
    name: 'muster_placement_failures_total',
    help: 'Declarations that could not be placed.',
    labelNames: ['code'] as const,
    registers,
  }),
  retries: new Counter({
    name: 'muster_retries_total',
    help: 'Instances that were reloaded on the same machines.',
    registers,
  }),
  replacements: new Counter({
    name: 'muster_replacements_total',
    help: 'Instances that were deleted after a failure.',
    labelNames: ['cause'] as const,
    registers,
  }),
  recoverySeconds: new Histogram({
    name: 'muster_recovery_seconds',
    help: 'Time from the failure of a serving declaration until it serves again.',
    buckets: RECOVERY_SECONDS,
    registers,
  }),
  elections: new Counter({
    name: 'muster_elections_total',
    help: 'Changes of master that this node observed.',
    registers,
  }),
  reconciles: new Counter({
    name: 'muster_reconciles_total',
    help: 'Reconcile passes of this node as leader.',
    registers,
  }),
  decisions: new Counter({
    name: 'muster_decisions_total',
    help: 'Events of the cluster that this node applied.',
    labelNames: ['type'] as const,
    registers,
  }),
})
export type Counted = ReturnType<typeof counted>

/** Gauges, computed from the state at each scrape. */
export const gauges = (registers: Registry[]) => ({
  declared: new Gauge({
    name: 'muster_meta_instances',
    help: 'Declarations by status.',
    labelNames: ['status'] as const,
    registers,
  }),
  ready: new RewrittenGauge({
    name: 'muster_meta_instance_ready',
    help: '1 if the declaration serves, else 0.',
    labelNames: ['id', 'name', 'model'] as const,
    registers,
  }),
  tasks: new Gauge({
    name: 'muster_tasks',
    help: 'Tasks by status. Ended tasks are counted for a minute, and at most the latest hundred.',
    labelNames: ['status'] as const,
    registers,
  }),
  requests: new Gauge({
    name: 'muster_requests',
    help: 'Requests that run on this machine’s rank 0 runners or wait for one.',
    labelNames: ['status'] as const,
    registers,
  }),
  memory: new RewrittenGauge({
    name: 'muster_node_memory_bytes',
    help: 'Memory of a machine by use: free, held by runners, other.',
    labelNames: ['node', 'name', 'use'] as const,
    registers,
  }),
  available: new RewrittenGauge({
    name: 'muster_node_memory_available_bytes',
    help: 'Available memory of a machine.',
    labelNames: ['node'] as const,
    registers,
  }),
  downloads: new Gauge({
    name: 'muster_downloads',
    help: 'Models on disks by download status.',
    labelNames: ['status'] as const,
    registers,
  }),
  downloadRate: new Gauge({
    name: 'muster_download_bytes_per_second',
    help: 'Total rate of all running downloads.',
    registers,
  }),
  members: new Gauge({
    name: 'muster_members',
    help: 'Machines of the cluster.',
    labelNames: ['state'] as const,
    registers,
  }),
  isMaster: new Gauge({ name: 'muster_is_master', help: '1 if this node is the master, else 0.', registers }),
  term: new Gauge({ name: 'muster_term', help: 'The term of the master.', registers }),
  lastEvent: new Gauge({ name: 'muster_last_event_index', help: 'Events of this cluster so far.', registers }),
})
export type Gauges = ReturnType<typeof gauges>

/** Fixed label values, so that every series exists with 0 before its first event. */
export const STATUSES = { meta: MetaInstanceStatusWord.options, task: TaskStatus.options } as const
