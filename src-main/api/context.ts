import type { Command } from '@core/commands/command'
import type { DurableOn } from '@core/consensus/index'
import type { Envelope } from '@core/events/event'
import type { HistoryDay, HistoryEvent } from '@core/events/history-event'
import type { ApiRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { Standings, Verdict } from '@core/keys/key-meter'
import type { UsageByKey, Use } from '@core/keys/usage'
import type { ApiKeyId, CommandId, MetaInstanceId, ModelId, NodeId, RunnerId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import type { NodeLogQuery } from '@core/protocols/node-log'
import type { Benchmark, BenchmarkPlan, BenchmarkRequest } from '@core/protocols/benchmark'
import type { ClusterView } from '@core/protocols/cluster'
import type { CatalogueAdapter, CatalogueModel, HubModel, UnreadableModel } from '@core/protocols/models'
import type { RequestRecord } from '@core/protocols/activity'
import type { ToolConfigPreview, ToolConfigView, WritableTool } from '@core/protocols/connect'
import type { DoctorReport } from '@core/protocols/doctor'
import type { PythonView, SleepSettings } from '@core/protocols/setup'
import type { CardResult } from '@core/reconcile/index'
import type { NodeSettings, NodeSettingsChanges } from '@core/settings/node'
import type { PowerFacts } from '@core/state/power'
import type { State } from '@core/state/state'
import type { Refusal } from '@core/commands/command'

/** The model and the API key to write into another program's configuration. */
export interface ToolWish {
  readonly model: string
  readonly key: string | undefined
}

/** A benchmark target. */
export interface WantedBenchmark extends BenchmarkRequest {
  readonly modelId: ModelId
  readonly card: ModelCard
}

/** The services of the node that the API uses. */
export interface ApiContext {
  readonly version: string
  /** This node's id. */
  readonly nodeId: NodeId
  readonly source: {
    state(): State
    subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void
    /** Events after that index of that term; undefined if they are no longer kept. */
    eventsAfter(index: number, term: number): readonly Envelope[] | undefined
    /** The last events in memory, oldest first, preceded by up to `decisions` decisions of the log. */
    latestEvents(wanted: { readonly last: number; readonly decisions: number }): Promise<readonly Envelope[]>
  }
  readonly commands: {
    /** Rejects with an error that has `code`, `message` and `hint` if the node cannot decide. */
    submit(
      command: Command,
      options: { commandId: CommandId },
    ): Promise<{ status: 'done'; durableOn?: DurableOn | undefined } | { status: 'refused'; refusal: Refusal }>
    /** Resolves after the next reconcile pass. */
    reconciled(): Promise<void>
    /** A declaration's decisions, and a line for each day before them, oldest first. */
    history(
      metaInstanceId: MetaInstanceId,
    ): Promise<{ readonly events: readonly HistoryEvent[]; readonly days: readonly HistoryDay[] }>
    status():
      | { role: 'master' }
      | { role: 'follower'; master: NodeId }
      | { role: 'seeking' }
      | { role: 'stepped-down'; code: string; reason: string; hint: string }
  }
  readonly benchmarks: {
    /** Newest first; the first may still be running. */
    list(): readonly Benchmark[]
    plan(wanted: WantedBenchmark): BenchmarkPlan
    /** Undefined if a benchmark is already running, or nothing serves. */
    start(wanted: WantedBenchmark): Benchmark | undefined
    /** Resolves when the benchmark has stopped completely. */
    cancel(): Promise<void>
    subscribe(listener: () => void): () => void
  }
  readonly serving: {
    /**
     * `key`: the id of the API key; undefined for a request without one. `traceparent`: the client's header, unchanged.
     */
    generate(
      request: ApiRequest,
      asking: { signal: AbortSignal; key: string | undefined; traceparent: string | undefined },
    ): AsyncIterable<GenerationUpdate>
    /** Models on disks that a request loads without a declaration. */
    loadable(): readonly ModelId[]
  }
  /** The last requests that this node accepted. */
  readonly requests: {
    /** Newest first. */
    latest(most?: number): readonly RequestRecord[]
  }
  /** Limits and usage of API keys. */
  readonly keys: {
    /** Admits an HTTP request if its key's limits allow it; `expected`: estimated tokens. */
    begin(
      apiKeyId: ApiKeyId | undefined,
      expected: number,
    ): { readonly verdict: Verdict; readonly standings: Standings; end(tokens: number): void }
    used(use: Use): void
    /** By key, summed over all reachable members. */
    usage(): Promise<{ readonly usage: UsageByKey; readonly missing: readonly NodeId[] }>
  }
  /** This node's metrics in Prometheus' text format; `byKey` adds usage per API key. */
  readonly metrics: (which: {
    readonly byKey: boolean
  }) => Promise<{ readonly text: string; readonly contentType: string }>
  /** This node's own settings. */
  readonly settings: {
    current(): NodeSettings
    /** Settings fixed by the command line or the environment. */
    fixed(): readonly string[]
    /** Rejects with an error that has `code`, `message` and `hint` if they cannot be saved. */
    update(changes: NodeSettingsChanges): Promise<NodeSettings>
    /** Resolves when the updates made so far are applied: a later reader must not see what was before them. */
    settled(): Promise<void>
    /** The settings at start, which determine the listening address. */
    atStart(): NodeSettings
  }
  /** The Python environment of the runners. */
  readonly python: {
    view(): PythonView
    /** The installer's output so far. */
    printed(): string
    install(): void
    cancel(): void
    /** Calls back on view changes and on output. Returns a disposer. */
    subscribe(listener: (printed?: string) => void): () => void
  }
  /** This machine's sleep settings; undefined if the system does not report them. */
  readonly sleepSettings: () => Promise<SleepSettings | undefined>
  readonly catalogue: {
    list(): readonly CatalogueModel[]
    unreadable(): readonly UnreadableModel[]
    adapters(): readonly CatalogueAdapter[]
    find(modelId: ModelId): CatalogueModel | undefined
    /** The card of a model or an adapter: from a machine that has it and has checked its files, else from the hub. */
    card(modelId: ModelId): Promise<CardResult>
    /** A message naming machines that had the model and are offline; undefined if none is known. */
    away(modelId: ModelId): string | undefined
    /** Models on the other machines of the cluster. */
    elsewhere(): Promise<readonly CatalogueModel[]>
    /** Rescans the folders. */
    refresh(): Promise<void>
  }
  /**
   * Models that are on no disk of the cluster. Both methods reject with an error that has `code`, `message` and `hint`.
   */
  readonly hub: {
    readonly name: string
    search(words: string, signal: AbortSignal): Promise<HubModel[]>
    /** Card of a model that could be run. */
    card(modelId: ModelId): Promise<ModelCard>
  }
  /** Downloads to disks of any member. They reject with an error that has `code`, `message` and `hint`. */
  readonly downloads: {
    start(modelId: ModelId, nodeId: NodeId): Promise<void>
    pause(modelId: ModelId, nodeId: NodeId): Promise<void>
    resume(modelId: ModelId, nodeId: NodeId): Promise<void>
    remove(modelId: ModelId, nodeId: NodeId): Promise<void>
  }
  /** Sleep settings of this machine. */
  readonly power: {
    facts(): PowerFacts
    /** Applies a changed setting; resolves when it is in effect. */
    refresh(): Promise<void>
  }
  /** Cluster membership: its view and operations. */
  readonly cluster: {
    view(): ClusterView
    invite(options: { validForMs?: number | undefined }): { token: string; expiresAt: number }
    /** Rejects if it cannot be measured. */
    measure(ways: { from: NodeId; to: NodeId }): Promise<void>
    /** Throws an error with `code` and `hint` for a target that cannot be tried. */
    join(how: { token: string } | { nodeId: NodeId } | { address: string }): void
    cancelJoin(): void
    decide(requestId: string, allow: boolean): boolean
    doctor(): Promise<DoctorReport>
    /** Called whenever the view may have changed. */
    subscribe(listener: () => void): () => void
  }
  /** This node's own log. */
  readonly log: {
    /** The last lines written at `since` or later, each a JSON object. */
    lastLines(which: NodeLogQuery): readonly string[]
    /** Called with each line after it is written. */
    subscribe(listener: (line: string) => void): () => void
  }
  /**
   * Configuration files of other programs on this machine. They reject with an error that has `code`, `message` and
   * `hint`.
   */
  readonly toolConfigs: {
    list(): Promise<readonly ToolConfigView[]>
    preview(tool: WritableTool, wanted: ToolWish): Promise<ToolConfigPreview>
    write(tool: WritableTool, wanted: ToolWish & { readonly digest: string }): Promise<void>
    undo(tool: WritableTool): Promise<void>
  }
  /** Why a ready runner of this node makes no progress although it has requests; otherwise undefined. */
  readonly stallOf: (runnerId: RunnerId) => string | undefined
  readonly consoleOf: (runnerId: RunnerId) => string | undefined
}
