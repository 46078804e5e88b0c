import type { Command } from '@core/commands/command'
import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import type { Departure } from '@core/reconcile/index'
import type { LoadOnRequest } from '@core/settings/node'
import type { State } from '@core/state/state'
import type { MasterStatus } from '../master/index'
import type { LinkedFolder } from '../models/index'
import type { PreventSleep } from '../power/index'
import type { CannotRun } from './own-facts'
import type { NodeSettingsStore } from '../settings/node-settings'
import type { ClusterDesk } from '../cluster/index'
import type { BridgedPorts } from '../system/index'

/** What an installed app contains for its runners. */
export interface BundledRunner {
  /** The folder that contains native-runner, outside any archive. */
  readonly root: string
  /** The path of uv. */
  readonly uv: string
}

export interface NodeOptions {
  readonly dataDir?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly name?: string | undefined
  /** The port for other machines; 0 picks a free one. */
  readonly peerPort?: number | undefined
  /** A second API port for clients that expect Ollama's; 0 picks a free one. */
  readonly ollamaPort?: number | undefined
  /** Announce this node on the local network and discover others. */
  readonly discovery?: boolean | undefined
  /** Addresses of members, as `host:port`. */
  readonly peers?: readonly string[] | undefined
  /** Host names accepted in requests beside this machine's own. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Origins whose pages may use the API. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** Load models that are requested but not declared. */
  readonly loadOnRequest?: LoadOnRequest | undefined
  /** How long such a model stays loaded after its last answer. */
  readonly onRequestIdleSeconds?: number | undefined
  /** Delay discovery until the setup has explained it; for windows on systems that ask for permission. */
  readonly explainsDiscovery?: boolean
  /** A folder whose declaration files are kept applied. */
  readonly declarations?: string | undefined
  /** Size of the on-disk prompt cache in gigabytes; 0 disables it. */
  readonly diskCacheGigabytes?: number | undefined
  /** Never contact a model hub. */
  readonly offline?: boolean | undefined
  /** Run models; without it this node only coordinates. */
  readonly worker?: boolean | undefined
  /** Origins of this app's own windows. */
  readonly trustedOrigins?: readonly string[]
  /** The folder that contains `out` and `native-runner`. */
  readonly appRoot?: string
  /** How to prevent sleep and to detect battery power; by default through the system's programs. */
  readonly power?: { readonly preventSleep: PreventSleep; readonly onBattery: () => Promise<boolean> } | undefined
  /** For an installed app, which creates the runners' Python environment in the data folder. */
  readonly bundledRunner?: BundledRunner | undefined
}

/** A running node. */
export interface RunningNode {
  readonly url: string
  /** The same API at Ollama's port; undefined if it is off or the port is taken. */
  readonly ollamaUrl: string | undefined
  readonly nodeId: NodeId
  readonly dataDir: string
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly commands: {
    submit(command: Command, options: { commandId: CommandId }): Promise<{ readonly status: 'done' | 'refused' }>
    status(): MasterStatus
  }
  readonly catalogue: { list(): readonly CatalogueModel[] }
  readonly signInLink: (() => string) | undefined
  /** Why no model can run here; undefined if one can. */
  cannotRun(): CannotRun | undefined
  /** The cluster and its join requests. */
  readonly cluster: Pick<ClusterDesk, 'view' | 'decide' | 'subscribe'>
  readonly settings: NodeSettingsStore
  /** The effect on the models here if this machine left now. */
  departure(): Promise<readonly Departure[]>
  /** Takes Thunderbolt ports out of a bridge, for the user of this Mac. */
  readonly bridgedPorts: Pick<BridgedPorts, 'answer'>
  /** Adds the model in a folder of this machine, for its user. Rejects if the store cannot be written. */
  readonly addModelFolder: (path: string) => Promise<LinkedFolder>
  /**
   * Prepares a handover to another node process on this data folder: waits at most `drainMs` for running answers,
   * refuses new requests with a hint to retry, and makes `close` leave the models in memory for that process.
   */
  prepareRestart(drainMs: number): Promise<void>
  /** The machine is about to sleep: announces it and hands over leadership. */
  sleep(): Promise<void>
  wake(): void
  close(): Promise<void>
}
