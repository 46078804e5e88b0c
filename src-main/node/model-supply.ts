import type { Observation } from '@core/events/event'
import { ModelId, type NodeId } from '@core/ids'
import { isErrorCode } from '@core/errors/error-codes'
import { DownloadParams, DownloadResult } from '@core/protocols/peer'
import type { NodeSettings } from '@core/settings/node'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { coded, type CodedText } from '@core/texts/coded'
import {
  type Catalogue,
  ClusterSingleFlight,
  DownloadError,
  Downloads,
  Fetcher,
  holdersOf,
  Hub,
  hubEndpoint,
  HubError,
  hubSource,
  huggingFaceCache,
  isOfflineBy,
  modelFolders,
  openNetwork,
  peerSource,
  RateLimit,
  shareWithHuggingFace,
} from '../models/index'
import { diskSpace } from '../system/index'
import { homeFolder } from '../settings/data-dir'

/** The hub that this node downloads from, by its settings and the environment. */
export const openHub = (
  env: NodeJS.ProcessEnv,
  {
    current,
  }: { current(): Pick<NodeSettings, 'offline' | 'hub' | 'hubUrl' | 'hubToken' | 'proxy' | 'noProxy' | 'caFile'> },
): Hub => {
  const settings = current()
  return new Hub({
    network: openNetwork({ env, proxy: settings.proxy, noProxy: settings.noProxy, caFile: settings.caFile }),
    endpoint: hubEndpoint(
      { env, home: homeFolder() },
      { kind: settings.hub, url: settings.hubUrl, token: () => current().hubToken },
    ),
    offline: settings.offline ? '--offline, or its setting' : isOfflineBy(env) ? 'HF_HUB_OFFLINE' : undefined,
  })
}

export interface ModelSupplyParts {
  readonly nodeId: NodeId
  readonly dataDir: string
  /** The settings in force now. */
  readonly settings: () => Pick<
    NodeSettings,
    'downloadBytesPerSecond' | 'keepFreeGigabytes' | 'modelFolders' | 'shareWithHuggingFace'
  >
  readonly hub: Hub
  readonly catalogue: Catalogue
  /** A message naming machines that had the model and are offline; undefined if none is known. */
  readonly away: (modelId: ModelId) => CodedText | undefined
  readonly deciding: { state(): State; observe(event: Observation): void }
  readonly links: {
    get(peer: NodeId): object | undefined
    open(peer: NodeId, kind: string, params: unknown, signal: AbortSignal): AsyncIterable<unknown>
    ask(peer: NodeId, kind: string, params: unknown): Promise<unknown>
  }
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** Fetches, shares and deletes the models of this machine; also the same commands from other members. */
export class ModelSupply {
  readonly fetcher: Fetcher
  /** Limits everything that this machine receives of models and computed prompts. */
  readonly limit: RateLimit
  private readonly own: Downloads

  constructor(private readonly parts: ModelSupplyParts) {
    const { nodeId, dataDir, settings, hub, catalogue, away, deciding, links, log } = parts
    const { modelFolders: folders, shareWithHuggingFace: shares } = settings()
    const [modelsDir] = modelFolders({ dataDir, folders })
    this.limit = new RateLimit({ bytesPerSecond: () => settings().downloadBytesPerSecond })
    const isLinked = (peer: NodeId): boolean => links.get(peer) !== undefined
    this.fetcher = new Fetcher({
      modelsDir,
      peers: (modelId) =>
        holdersOf(deciding.state(), modelId)
          .filter((holder) => holder !== nodeId && isLinked(holder))
          .map((holder) =>
            peerSource({
              modelId,
              name: nodeName(deciding.state(), holder),
              open: (...stream) => links.open(holder, ...stream),
            }),
          ),
      hub: (modelId) => hubSource(hub, modelId),
      away,
      waiting: (modelId) => {
        const flight = new ClusterSingleFlight(
          { self: nodeId, state: () => deciding.state(), isLinked },
          modelId,
          performance.now(),
        )
        return () => flight.downloader(performance.now()) !== undefined
      },
      freeBytes: async (directory) => (await diskSpace(directory))?.freeBytes,
      keepFreeBytes: () => settings().keepFreeGigabytes * 1e9,
      limit: this.limit,
      onProgress: (modelId, download) =>
        deciding.observe({ type: 'NodeDownloadProgress', nodeId, modelId, ...(download && { download }) }),
      onComplete: async (modelId) => {
        await catalogue.refresh()
        const model = catalogue.held(modelId) ?? catalogue.unreadable().find((one) => one.modelId === modelId)
        return model ? model.problem : coded('downloads.notAModel')
      },
      onBrought: async (model) => {
        if (!shares) return
        await shareWithHuggingFace(huggingFaceCache({ env: process.env, home: homeFolder() }), model).catch(
          (error: unknown) =>
            log.warn(
              { modelId: model.modelId, reason: error instanceof Error ? error.message : String(error) },
              'cannot link a model into the cache of Hugging Face; that cache must be on the same disk',
            ),
        )
      },
      log,
    })
    this.own = new Downloads({
      nodeId,
      modelsDir,
      catalogue,
      fetcher: this.fetcher,
      hub,
      away,
      state: () => deciding.state(),
    })
  }

  /**
   * Withdraws downloads that the state shows for this machine although none is running: the node was killed while it
   * downloaded.
   */
  withdrawStale(): void {
    const { nodeId, deciding } = this.parts
    for (const [model, { status }] of Object.entries(deciding.state().downloads[nodeId] ?? {})) {
      const modelId = ModelId.parse(model)
      if (status !== 'Complete' && !this.fetcher.isFetching(modelId) && !this.fetcher.isPaused(modelId))
        deciding.observe({ type: 'NodeDownloadProgress', nodeId, modelId })
    }
    this.fetcher.reportPaused()
  }

  start(modelId: ModelId, nodeId: NodeId): Promise<void> {
    return this.act({ act: 'start', modelId }, nodeId)
  }

  pause(modelId: ModelId, nodeId: NodeId): Promise<void> {
    return this.act({ act: 'pause', modelId }, nodeId)
  }

  resume(modelId: ModelId, nodeId: NodeId): Promise<void> {
    return this.act({ act: 'resume', modelId }, nodeId)
  }

  remove(modelId: ModelId, nodeId: NodeId): Promise<void> {
    return this.act({ act: 'remove', modelId }, nodeId)
  }

  /** Carries out a download command from another member on this machine. */
  async serve(params: unknown): Promise<DownloadResult> {
    try {
      await this.act(DownloadParams.parse(params), this.parts.nodeId)
      return { status: 'done' }
    } catch (error) {
      if (!(error instanceof DownloadError) && !(error instanceof HubError)) throw error
      return { status: 'refused', code: error.code, message: error.message, hint: error.hint }
    }
  }

  private async act({ act, modelId }: DownloadParams, nodeId: NodeId): Promise<void> {
    if (nodeId === this.parts.nodeId) return this.own[act](modelId)
    const answer = await this.parts.links.ask(nodeId, 'download', { act, modelId }).catch((error: unknown) => {
      throw new DownloadError(
        'unreachable',
        `That machine does not answer: ${error instanceof Error ? error.message : String(error)}`,
        'Check that it is awake and connected: GET /cluster.',
      )
    })
    const result = DownloadResult.parse(answer)
    if (result.status === 'refused') {
      // The member may run a newer version with other codes.
      const code = isErrorCode(result.code) ? result.code : 'download_failed'
      throw new DownloadError(code, result.message, result.hint)
    }
  }
}
