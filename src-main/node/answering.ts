import { join } from 'node:path'
import { loadsOnRequest } from '@core/settings/node'
import type { ApiRequest } from '@core/generation/request'
import type { State } from '@core/state/state'
import { traced } from '@core/tracing/traced'
import { RequestLog } from '../activity/request-log'
import { Benchmarks } from '../benchmark/benchmarks'
import { startApi } from '../api/index'
import { clusterView, type Membership, type Peers } from '../cluster/index'
import { ToolConfigs } from '../connect/tool-configs'
import { ApiKeyAccounts } from '../keys/api-key-accounts'
import type { Master } from '../master/index'
import { Metrics } from '../metrics/metrics'
import { type cardFinder, type LastHolders, modelsElsewhere } from '../models/index'
import type { ModelSupply } from './model-supply'
import type { Foundation } from './foundation'
import type { NodeOptions } from './options'
import type { Opened } from './opened'
import type { SleepGuard } from '../power/index'
import { type InstanceQueues, LoadOnRequest, rankZero, Serving } from '../serving/index'
import type { ClusterSuspects } from '../suspects/cluster-suspects'
import { readSleepSettings } from '../system/index'
import { version } from '../version'
import type { Worker } from '../worker/index'
import { homeFolder } from '../settings/data-dir'

const keyName = ({ apiKeys }: State, key: string | undefined): string | undefined =>
  Object.values(apiKeys).find(({ apiKeyId }) => apiKeyId === key)?.name

/** Operation names of OpenTelemetry's conventions for generative AI. */
const operationOf = ({ prompt }: ApiRequest): string => {
  switch (prompt.kind) {
    case 'chat':
      return 'chat'
    case 'text':
    case 'tokens':
      return 'text_completion'
    case 'embed':
      return 'embeddings'
  }
}

/** Names of declared models. */
const declaredNames = ({ metaInstances }: State): string[] =>
  Object.values(metaInstances).map(({ name, modelId }) => name ?? modelId)

/** The parts that serving requests needs. */
export interface AnsweringParts {
  readonly options: NodeOptions
  readonly opened: Opened
  readonly foundation: Foundation
  readonly master: Master
  readonly loadCard: ReturnType<typeof cardFinder>
  readonly membership: Membership
  readonly peers: Peers
  readonly holders: LastHolders
  readonly worker: Worker
  readonly queues: InstanceQueues
  readonly suspected: ClusterSuspects
  readonly supply: ModelSupply
  readonly guard: SleepGuard
  /** Reconcile passes of this node as leader, since its start. */
  readonly reconciles: () => number
}

/** Opens what serves requests: routing to instances, accounting, metrics, and the HTTP API over all of it. */
export const openAnswering = async (parts: AnsweringParts) => {
  const { options, opened, foundation, master, loadCard, membership: cluster, peers: links } = parts
  const { holders, worker, queues, suspected, supply, guard, reconciles } = parts
  const { dataDir, settings: nodeSettings, log, identity, python: environment, catalogue, hub, tracer } = foundation
  const { nodeId } = identity
  const { trustedOrigins = [] } = options
  const current = nodeSettings.current()
  const wired: { url?: string } = {}
  const accounts: ApiKeyAccounts = await ApiKeyAccounts.open({
    self: nodeId,
    dataDir,
    source: master,
    ask: (...asked) => links.links.ask(...asked),
    log: log.logger.child({ part: 'keys' }),
  })
  opened.add(() => accounts.close())
  const serving = new Serving({
    nodeId,
    source: master,
    observer: master,
    tracer,
    rankZero: rankZero({
      self: nodeId,
      state: () => master.state(),
      here: queues,
      elsewhere: (peer, params, signal) => links.links.open(peer, 'generate', params, signal),
      suspects: suspected.suspects,
    }),
  })
  opened.add(() => serving.close())
  const onRequest = new LoadOnRequest({
    source: master,
    commands: master,
    serving,
    problemOf: (model) => catalogue.problemOf(model),
    settings: () => {
      const settings = nodeSettings.current()
      return { enabled: loadsOnRequest(settings), idleSeconds: settings.onRequestIdleSeconds }
    },
    log: log.logger.child({ part: 'serving' }),
  })
  const metrics = new Metrics({
    source: master,
    live: () => queues.live,
    reconciles,
    isMaster: () => master.status().role === 'master',
    usage: () => accounts.current,
    keyName: (apiKeyId) => master.state().apiKeys[apiKeyId]?.name ?? apiKeyId,
  })
  opened.add(() => metrics.close())
  const requests: RequestLog = await RequestLog.open({ dataDir, log: log.logger.child({ part: 'activity' }) })
  opened.add(() => requests.close())
  const benchmarks: Benchmarks = await Benchmarks.open({
    dataDir,
    source: master,
    commands: master,
    generateOn: (instance, request, signal) => serving.generateOn(instance, request, { signal }),
    log: log.logger.child({ part: 'benchmark' }),
  })
  opened.add(() => benchmarks.close())
  const desk = clusterView({ nodeId, master, membership: cluster, peers: links })
  const api = await startApi({
    host: current.host,
    port: current.port,
    ollamaPort: current.ollamaPort,
    staticDir: join(foundation.appRoot, 'out', 'renderer'),
    allowedHosts: current.allowedHosts,
    allowedOrigins: [...trustedOrigins, ...current.allowedOrigins],
    log: log.logger.child({ part: 'api' }),
    context: {
      version,
      nodeId,
      source: master,
      commands: master,
      serving: {
        loadable: () => onRequest.loadable(),
        generate: metrics.measuring((request, asking) =>
          requests.observed(
            request,
            keyName(master.state(), asking.key),
            traced(
              tracer,
              {
                name: 'muster.request',
                kind: 'server',
                parent: asking.traceparent,
                attributes: { 'gen_ai.request.model': request.model, 'gen_ai.operation.name': operationOf(request) },
              },
              (traceparent) => onRequest.generate(request, { ...asking, traceparent }),
            ),
          ),
        ),
      },
      requests,
      benchmarks,
      keys: accounts,
      metrics: (which) => metrics.page(which),
      settings: nodeSettings,
      python: environment,
      sleepSettings: () => readSleepSettings(),
      catalogue: {
        list: () => catalogue.list(),
        unreadable: () => catalogue.unreadable(),
        adapters: () => catalogue.adapters(),
        find: (modelId) => catalogue.find(modelId),
        refresh: () => catalogue.refresh(),
        card: loadCard,
        away: (modelId) => holders.awayInEnglish(modelId),
        elsewhere: modelsElsewhere({
          linked: () => links.links.all().map(({ peer }) => peer),
          ask: (...asked) => links.links.ask(...asked),
        }),
      },
      hub,
      downloads: supply,
      log,
      toolConfigs: new ToolConfigs({
        home: homeFolder(),
        dataDir,
        target: () => ({ url: wired.url ?? '', models: declaredNames(master.state()) }),
      }),
      stallOf: (runnerId) => worker.stallOf(runnerId),
      consoleOf: (runnerId) => worker.consoleOf(runnerId),
      power: { facts: () => guard.facts(), refresh: () => guard.check() },
      cluster: desk,
    },
  })
  wired.url = api.url
  opened.add(() => api.close())
  return { api, desk, accounts, serving }
}
