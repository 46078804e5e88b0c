import type { Command } from '@core/commands/command'
import type { DurableOn } from '@core/consensus/index'
import type { Envelope } from '@core/events/event'
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
import type { CardResult } from '@core/reconcile/process-manager'
import type { NodeSettings, NodeSettingsChanges } from '@core/settings/node'
import type { PowerFacts } from '@core/state/power'
import type { State } from '@core/state/state'
import type { Refusal } from '@core/commands/command'

/** What a program is to ask for, and by which key. */
export interface ToolWish {
  readonly model: string
  readonly key: string | undefined
}

/** A model that is to be measured. */
export interface WantedBenchmark extends BenchmarkRequest {
  readonly modelId: ModelId
  readonly card: ModelCard
}

/** What the API needs of the node it speaks for. */
export interface ApiContext {
  readonly version: string
  /** The node that answers. */
  readonly nodeId: NodeId
  readonly source: {
    state(): State
    subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void
    /** What followed that index of that term; undefined where it is no longer known. */
    eventsAfter(index: number, term: number): readonly Envelope[] | undefined
    /** The last ones that are known, oldest first. */
    latestEvents(most: number): readonly Envelope[]
  }
  readonly commands: {
    /** Rejects with an error that has `code`, `message` and `hint` where the node cannot decide. */
    submit(
      command: Command,
      options: { commandId: CommandId },
    ): Promise<{ status: 'done'; durableOn?: DurableOn | undefined } | { status: 'refused'; refusal: Refusal }>
    /** Resolves after the next pass over the state. */
    reconciled(): Promise<void>
    history(metaInstanceId: MetaInstanceId): Promise<readonly Envelope[]>
    status():
      | { role: 'master' }
      | { role: 'follower'; master: NodeId }
      | { role: 'seeking' }
      | { role: 'stepped-down'; code: string; reason: string; hint: string }
  }
  readonly benchmarks: {
    /** Newest first; the first may be under way. */
    list(): readonly Benchmark[]
    plan(wanted: WantedBenchmark): BenchmarkPlan
    /** Undefined where one is under way, or nothing serves. */
    start(wanted: WantedBenchmark): Benchmark | undefined
    /** Resolves when nothing of it is under way any more. */
    cancel(): Promise<void>
    subscribe(listener: () => void): () => void
  }
  readonly serving: {
    /** `key`: the id of the API key; undefined for a request without one. `traceparent`: as the client sent it. */
    generate(
      request: ApiRequest,
      asking: { signal: AbortSignal; key: string | undefined; traceparent: string | undefined },
    ): AsyncIterable<GenerationUpdate>
    /** Models on disks that a request loads without their being declared. */
    loadable(): readonly ModelId[]
  }
  /** The last requests that this node took. */
  readonly requests: {
    /** The newest first. */
    latest(most?: number): readonly RequestRecord[]
  }
  /** What keys may use and have used. */
  readonly keys: {
    /** A request of HTTP begins, if the limits of its key allow it; `expected` is about how many tokens it will be. */
    begin(
      apiKeyId: ApiKeyId | undefined,
      expected: number,
    ): { readonly verdict: Verdict; readonly standings: Standings; end(tokens: number): void }
    used(use: Use): void
    /** By key, as all members that can be asked have counted it. */
    usage(): Promise<{ readonly usage: UsageByKey; readonly missing: readonly NodeId[] }>
  }
  /** This node's figures in Prometheus' text format; `byKey` with what each API key used. */
  readonly metrics: (which: {
    readonly byKey: boolean
  }) => Promise<{ readonly text: string; readonly contentType: string }>
  /** This node's own settings. */
  readonly settings: {
    current(): NodeSettings
    /** Those that the command line or the environment holds fixed. */
    fixed(): readonly string[]
    /** Rejects with an error that has `code`, `message` and `hint` where they cannot be kept. */
    update(changes: NodeSettingsChanges): Promise<NodeSettings>
    /** With which it was started: what is listened on is of those. */
    atStart(): NodeSettings
  }
  /** The Python environment that runs models. */
  readonly python: {
    view(): PythonView
    /** What its installation printed so far. */
    printed(): string
    install(): void
    cancel(): void
    /** Told when the view changed, and what was printed. Returns the way to stop. */
    subscribe(listener: (printed?: string) => void): () => void
  }
  /** When this machine sleeps; undefined where the system does not tell. */
  readonly sleepSettings: () => Promise<SleepSettings | undefined>
  readonly catalogue: {
    list(): readonly CatalogueModel[]
    unreadable(): readonly UnreadableModel[]
    adapters(): readonly CatalogueAdapter[]
    find(modelId: ModelId): CatalogueModel | undefined
    /** The card of a model or an adapter that some machine has, when that machine has judged its files; else the hub's. */
    card(modelId: ModelId): Promise<CardResult>
    /** Machines that had the model and are away, in a sentence; undefined where none is known. */
    away(modelId: ModelId): string | undefined
    /** What the other machines of the cluster have. */
    elsewhere(): Promise<readonly CatalogueModel[]>
    /** Looks through the folders again. */
    refresh(): Promise<void>
  }
  /** Models that are on no disk of the cluster. Both reject with an error that has `code`, `message` and `hint`. */
  readonly hub: {
    readonly name: string
    search(words: string, signal: AbortSignal): Promise<HubModel[]>
    /** Of a model that could be run. */
    card(modelId: ModelId): Promise<ModelCard>
  }
  /** What is on whose disk. They reject with an error that has `code`, `message` and `hint`. */
  readonly downloads: {
    start(modelId: ModelId, nodeId: NodeId): Promise<void>
    pause(modelId: ModelId, nodeId: NodeId): Promise<void>
    resume(modelId: ModelId, nodeId: NodeId): Promise<void>
    remove(modelId: ModelId, nodeId: NodeId): Promise<void>
  }
  /** This machine's sleep. */
  readonly power: {
    facts(): PowerFacts
    /** Resolves when a changed setting is in force. */
    look(): Promise<void>
  }
  /** Who belongs together; the view and what people can do about it. */
  readonly cluster: {
    view(): ClusterView
    invite(options: { validForMs?: number | undefined }): { token: string; expiresAt: number }
    /** Rejects where it cannot be measured. */
    measure(ways: { from: NodeId; to: NodeId }): Promise<void>
    /** Throws an error with `code` and `hint` for what cannot be tried. */
    join(how: { token: string } | { nodeId: NodeId } | { address: string }): void
    cancelJoin(): void
    decide(requestId: string, allow: boolean): boolean
    doctor(): Promise<DoctorReport>
    /** Told whenever the view may have changed. */
    subscribe(listener: () => void): () => void
  }
  /** This node's own log. */
  readonly log: {
    /** The last lines, of those that were written at `since` or later, each a JSON object. */
    lastLines(which: NodeLogQuery): readonly string[]
    /** Told each line once it is written. */
    subscribe(listener: (line: string) => void): () => void
  }
  /** Configurations of other programs on this machine. They reject with an error that has `code`, `message` and `hint`. */
  readonly toolConfigs: {
    list(): Promise<readonly ToolConfigView[]>
    preview(tool: WritableTool, wanted: ToolWish): Promise<ToolConfigPreview>
    write(tool: WritableTool, wanted: ToolWish & { readonly digest: string }): Promise<void>
    undo(tool: WritableTool): Promise<void>
  }
  /** Why a runner of this node that should be working is not, in words; undefined for all others. */
  readonly standstillOf: (runnerId: RunnerId) => string | undefined
  readonly consoleOf: (runnerId: RunnerId) => string | undefined
}
