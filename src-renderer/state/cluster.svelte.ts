import { Folding } from '@core/fold/fold'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { emptyState, type State } from '@core/state/state'
import type { Feed, Reach } from '../feed/feed'
import { beforeNextPicture } from './frames'
import { LiveState } from './live-state.svelte'

export type Connection = Reach | 'connected'

/** So long events are read and folded between two pictures: the rest of 16 ms is for drawing. */
const FOLDING_MS = 6

export interface ClusterOptions {
  readonly feed: Pick<Feed, 'listen' | 'restart'>
  /** Called after each snapshot: what does not come with events may have changed as well. */
  readonly onSnapshot?: () => void
  /** Called with each state that is shown, for what is to be remembered of it. */
  readonly onFolded?: (state: State) => void
}

/**
 * A read-only picture of the cluster: a snapshot and the events after it, folded as the node folds them. However many
 * come at once, they are shown once per picture.
 */
export class Cluster {
  private readonly live = new LiveState()
  connection: Connection = $state('starting')
  /** When something came last: what is shown is as of then. */
  heardAt = $state(Date.now())
  /** Whether there was ever anything to show. */
  readonly known = $derived(this.live.state.lastEventIndex > 0)
  private folding = new Folding(emptyState())
  /** What has come and is not folded yet. */
  private waiting: string[] = []
  private callOff: (() => void) | undefined
  /** An event was not understood, and cannot be left out: the node's own state has to be taken. */
  private lost = false
  private readonly leave: () => void

  constructor(private readonly options: ClusterOptions) {
    this.leave = options.feed.listen((message) => {
      if (message.kind === 'state') this.take(message.data)
      else if (message.kind === 'reach') this.connection = message.reach
    })
  }

  /** Always the same object; its families change. */
  get state(): State {
    return this.live.state
  }

  close(): void {
    this.leave()
    this.callOff?.()
  }

  private take(data: string): void {
    this.waiting.push(data)
    this.callOff ??= beforeNextPicture(() => this.catchUp())
  }

  /** Folds as much as there is time for, and shows it. */
  private catchUp(): void {
    this.callOff = undefined
    const until = performance.now() + FOLDING_MS
    let taken = 0
    try {
      for (const data of this.waiting) {
        this.fold(data)
        taken += 1
        if (performance.now() > until) break
      }
    } catch {
      this.lost = true
      this.options.feed.restart()
      taken = this.waiting.length
    }
    this.waiting = this.waiting.slice(taken)
    const { state } = this.folding
    this.live.show(state)
    this.options.onFolded?.(state)
    if (!this.lost) this.connection = 'connected'
    this.heardAt = Date.now()
    if (this.waiting.length > 0) this.callOff = beforeNextPicture(() => this.catchUp())
  }

  private fold(data: string): void {
    const message = EventStreamMessage.parse(JSON.parse(data))
    switch (message.kind) {
      case 'snapshot':
        this.lost = false
        this.folding = new Folding(message.state)
        this.options.onSnapshot?.()
        return
      case 'event':
        if (!this.lost) this.folding.fold(message.envelope)
        return
    }
  }
}
