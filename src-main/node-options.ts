import type { Command } from '@core/commands/command'
import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import type { Departure } from '@core/reconcile/departure'
import type { LoadOnRequest } from '@core/settings/node'
import type { State } from '@core/state/state'
import type { MasterStatus } from './master/index'
import type { LinkedFolder } from './models/folder-link'
import type { PreventSleep } from './power/system-request'
import type { NodeSettingsStore } from './settings/node-settings'
import type { ClusterDesk } from './cluster/view'
import type { BridgedPorts } from './system/macos/bridged-ports/bridged-ports'

/** What an installed app carries for its runners. */
export interface BundledRunner {
  /** The folder that holds native-runner, outside any archive. */
  readonly root: string
  /** The program uv. */
  readonly uv: string
}

export interface NodeOptions {
  readonly dataDir?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly name?: string | undefined
  /** Where other machines reach this one; 0 picks a free one. */
  readonly peerPort?: number | undefined
  /** Where programs that look for Ollama reach the API too; 0 picks a free one. */
  readonly ollamaPort?: number | undefined
  /** Look for other machines on the local network, and be found by them. */
  readonly discovery?: boolean | undefined
  /** Where members may be, as `host:port`. */
  readonly peers?: readonly string[] | undefined
  /** Hosts that requests may be sent to beside this machine's own names. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Origins whose pages may use the API. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** Load models that requests ask for and nobody has declared. */
  readonly loadOnRequest?: LoadOnRequest | undefined
  /** How long such a model is kept after its last answer. */
  readonly onRequestIdleSeconds?: number | undefined
  /** Look for other machines only once the setup has explained why: where a window shows it, and the system asks. */
  readonly explainsDiscovery?: boolean
  /** A folder whose files of declarations are kept declared. */
  readonly declarations?: string | undefined
  /** Gigabytes of disk for what models have computed of prompts; 0 for none. */
  readonly diskCacheGigabytes?: number | undefined
  /** Never ask a model hub. */
  readonly offline?: boolean | undefined
  /** Without it this node only coordinates. */
  readonly worker?: boolean | undefined
  /** Origins of our own windows. */
  readonly trustedOrigins?: readonly string[]
  /** The folder that holds `out` and `native-runner`. */
  readonly appRoot?: string
  /** How the system is asked not to sleep, and whether it runs on battery; the system's programs unless given. */
  readonly power?: { readonly preventSleep: PreventSleep; readonly onBattery: () => Promise<boolean> } | undefined
  /** Of an installed app: it then makes the runners' Python environment by itself, in the data folder. */
  readonly bundledRunner?: BundledRunner | undefined
}

/** A node that runs, until it is closed. */
export interface RunningNode {
  readonly url: string
  /** The same API at Ollama's port; undefined where it is not asked for, or the port is taken. */
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
  /** Why no model can run here; undefined where one can. */
  cannotRun(): string | undefined
  /** Who belongs together, and who asks to. */
  readonly cluster: Pick<ClusterDesk, 'view' | 'decide' | 'subscribe'>
  readonly settings: NodeSettingsStore
  /** What would become of the models here, were this machine to go now. */
  departure(): Promise<readonly Departure[]>
  /** Takes Thunderbolt ports out of a bridge, for whoever sits at this Mac. */
  readonly bridgedPorts: Pick<BridgedPorts, 'answer'>
  /** Adds the model in a folder of this machine, for whoever sits at it. Rejects where the store cannot be written. */
  readonly addModelFolder: (path: string) => Promise<LinkedFolder>
  /**
   * Another node will run on this data folder in a moment: answers under way are waited for, `drainMs` at most, new
   * requests are told to come back, and `close` then leaves the models in memory for that node.
   */
  prepareRestart(drainMs: number): Promise<void>
  /** The machine is about to sleep: others go on without it. */
  sleep(): Promise<void>
  wake(): void
  close(): Promise<void>
}
