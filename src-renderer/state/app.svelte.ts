import { getContext, setContext, untrack } from 'svelte'
import type { MetaInstance } from '@core/state/meta-instances'
import type { MetaInstanceId, NodeId } from '@core/ids'
import type { Api } from '../api/access'
import { Appearance } from './appearance.svelte'
import { bandColours, type BandColours } from '../features/cluster/bands'
import { fitWorker } from '../features/fits/fit-worker'
import { Fits } from '../features/fits/fits.svelte'
import { declare } from '../features/launch/declare'
import { Launches } from '../features/launch/launches.svelte'
import { pairLinks, type PairLink } from '../features/machines/links'
import { Setup } from '../features/setup/setup.svelte'
import { openFeed } from '../feed/open-feed'
import { Catalogue } from './catalogue.svelte'
import { Cluster } from './cluster.svelte'
import { LanguageSetting } from './language.svelte'
import { Membership } from './membership.svelte'
import { OwnNode } from './own-node.svelte'
import { RequestLog } from './request-log.svelte'
import { Route } from './route.svelte'

const KEY = Symbol('app')

/** Content of the launch form: a new declaration, or changes to one. */
export type Launching =
  | { readonly kind: 'declare'; readonly modelId?: string; readonly nodeId?: NodeId }
  | { readonly kind: 'change'; readonly metaInstance: MetaInstance }

/** `add`: let a machine in or join a cluster. `doctor`: check connections. */
export type MachinesDialog =
  /** `join`: a prefilled invitation or address. */
  | { readonly kind: 'add'; readonly join?: string }
  | { readonly kind: 'doctor' }
  | { readonly kind: 'drain'; readonly nodeId: NodeId }
  | { readonly kind: 'remove'; readonly nodeId: NodeId }
  | { readonly kind: 'rename-machine'; readonly nodeId: NodeId }
  | { readonly kind: 'rename-cluster' }
  | { readonly kind: 'duplicate'; readonly nodeId: NodeId }

/** A user action that failed. */
export interface Failure {
  readonly what: string
  readonly error: unknown
}

/** Shared state of all pages. */
export class AppState {
  readonly cluster: Cluster
  readonly node: OwnNode
  readonly models: Catalogue
  readonly membership: Membership
  readonly requests = new RequestLog()
  /** Predicted placements. */
  readonly fits: Fits
  /** A dialog is about what was done on its page: it does not stay open above another. */
  readonly route = new Route(() => {
    this.launching = undefined
    this.machines = undefined
  })
  readonly appearance = new Appearance()
  readonly language = new LanguageSetting()
  launching: Launching | undefined = $state.raw()
  failure: Failure | undefined = $state.raw()
  /** The open dialog about machines. */
  machines: MachinesDialog | undefined = $state.raw()
  /** How often the state came as a whole: the node may have been away, and started with other settings. */
  private snapshots = $state(0)
  /** The instance under the pointer; it is highlighted everywhere. */
  litInstance: string | undefined = $state()
  /** Launches in progress, and dragging. */
  readonly launches: Launches
  readonly setup: Setup

  /** Colours of all instances. */
  readonly bandColours: BandColours = $derived.by(() => bandColours(this.cluster.state))

  /** Connected pairs of machines. */
  readonly links: readonly PairLink[] = $derived.by(() => pairLinks(this.cluster.state))

  constructor(readonly api: Api) {
    this.node = new OwnNode(api)
    this.models = new Catalogue(api)
    this.setup = new Setup(api)
    this.launches = new Launches({
      api,
      state: () => this.cluster.state,
      failed: this.failed,
    })
    void this.setup.read()
    const feed = openFeed(api)
    this.membership = new Membership(api, feed)
    this.cluster = new Cluster({
      feed,
      onSnapshot: () => {
        this.snapshots += 1
        void this.node.read()
        void this.models.read()
        void this.setup.read()
      },
      onFolded: (state) => this.requests.note(state),
    })
    this.fits = new Fits({ state: () => this.cluster.state, finder: fitWorker })
  }

  /** The word that texts use for this page's machine. */
  get host(): 'mac' | 'machine' {
    return this.here === 'this Mac' ? 'mac' : 'machine'
  }

  /** The phrase that texts use for this page's machine. */
  get here(): 'this Mac' | 'this machine' {
    const node = this.node.nodeId === undefined ? undefined : this.cluster.state.nodes[this.node.nodeId]
    return node?.os.platform === 'darwin' ? 'this Mac' : 'this machine'
  }

  close(): void {
    this.cluster.close()
    this.fits.close()
    this.setup.close()
    this.membership.close()
    this.route.close()
    this.appearance.close()
  }

  /** Shows an error by itself. */
  readonly failed = (what: string, error: unknown): void => {
    this.failure = { what, error }
  }

  /** Runs an action and shows its error, if any. Resolves with whether it succeeded. */
  async attempt(what: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      this.failed(what, error)
      return false
    }
  }

  /** For a component's life: reads what does not come as events, now and whenever the node may have changed it. */
  readWithNode(read: () => Promise<unknown>): void {
    // Effect: reading is a request.
    $effect(() => {
      if (this.snapshots >= 0) untrack(() => void read())
    })
  }

  /** Declares a model with default placement; one loaded on request is made permanent instead. Throws ApiError. */
  async declare(modelId: string): Promise<MetaInstanceId> {
    return (await declare(this.api, this.cluster.state, { modelId })).metaInstanceId
  }
}

export const provideApp = (app: AppState): AppState => setContext(KEY, app)
export const useApp = (): AppState => getContext<AppState>(KEY)
