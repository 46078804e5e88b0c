import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Envelope, Event, Observation } from '@core/events/event'
import type { MetaInstanceId, NodeId, RunnerId } from '@core/ids'
import { MetaInstanceId as Id } from '@core/ids'
import { next } from '@core/reconcile/apply'
import { Gatherer } from '@core/side-channel/gather'
import { mayObserve } from '@core/events/observer'
import { rehearsalDevice } from '@core/state/rehearsal'
import { rdmaWorld } from '@core/testing/rdma-world'
import type { World } from '@core/testing/world'
import type { Python } from '@main/worker/python'
import { Suspects } from '@main/suspects/suspects'
import { Worker } from '@main/worker/worker'
import { python, required, root } from './paths'

const PATIENCE_MS = 90_000
const CHAT = Id.parse('chat')

/** Runners that only come together, as processes of their own behind real pipes. */
export const rehearsingRunner = (folder: string): Python => {
  const executable = join(folder, 'rehearsing-runner')
  const script = join(import.meta.dirname, 'rehearsing_rank.py')
  // It is started as: -m muster_runner --pipes DIRECTORY. Without site-packages it starts twice as fast.
  const real = required(python, 'run `npm test`, which makes it')
  writeFileSync(executable, `#!/bin/sh\nexec ${real} -S ${script} "$4"\n`)
  chmodSync(executable, 0o755)
  return { executable, source: join(root, 'native-runner', 'src') }
}

interface Seat {
  readonly nodeId: NodeId
  readonly runDir: string
  worker: Worker | undefined
  listeners: { event: (envelope: Envelope) => void; reset: (() => void) | undefined }[]
  /** What is on its way from and to the master, in order. */
  up: Promise<void>
  down: Promise<void>
  /** Counts up where the link broke: what was on its way is lost. */
  link: number
}

export interface WorkerGroupOptions {
  readonly folder: string
  readonly size: number
  readonly python: Python
  /** How long the next event takes to its other end, in milliseconds. */
  readonly delay: () => number
  /** What stands for RDMA towards another machine; a rehearsal of it where nothing is given. */
  readonly device?: (to: NodeId) => string
  /** A worker tells that a runner may have lost something of RDMA. */
  readonly onLeak: () => void
}

/**
 * Real workers with real runners, all in this process, on the real core. In the place of the master stands what folds
 * and reconciles at once; links take their time, break, and see masters change.
 */
export class WorkerGroup {
  readonly world: World
  readonly failures: string[] = []
  private gather = new Gatherer()
  private told = { attempt: '', events: 0 }
  private readonly seats: Seat[]
  private readonly listeners = new Set<() => void>()
  private reconciling = false

  private constructor(private readonly options: WorkerGroupOptions) {
    const { size, folder, device = rehearsalDevice } = options
    const names = Array.from({ length: size }, (_, at) => `machine-${at}`)
    this.world = rdmaWorld(names, { device: (to) => device(to) })
    this.seats = Object.values(this.world.state.members).map(({ nodeId }, at) => ({
      nodeId,
      runDir: join(folder, `run-${at}`),
      worker: undefined,
      listeners: [],
      up: Promise.resolve(),
      down: Promise.resolve(),
      link: 0,
    }))
  }

  static async start(options: WorkerGroupOptions): Promise<WorkerGroup> {
    mkdirSync(options.folder, { recursive: true })
    const group = new WorkerGroup(options)
    for (const seat of group.seats) {
      seat.worker = await Worker.start({
        nodeId: seat.nodeId,
        source: {
          state: () => group.world.state,
          subscribe: (event, reset) => {
            const listener = { event, reset }
            seat.listeners.push(listener)
            return () => void (seat.listeners = seat.listeners.filter((one) => one !== listener))
          },
        },
        observer: { observe: (event) => group.observe(seat, event) },
        suspects: new Suspects(),
        python: () => options.python,
        runDir: seat.runDir,
        modelPath: () => options.folder,
        rehearses: true,
        onLeak: options.onLeak,
        log: { info: () => undefined, warn: () => undefined },
      })
    }
    return group
  }

  get id(): MetaInstanceId {
    return CHAT
  }

  /** The current attempt's runners that have a process, in rank order. */
  pids(): number[] {
    return Object.values(this.world.state.instances).flatMap(({ shards }) =>
      shards.flatMap(({ runnerId }) => this.world.state.runners[runnerId]?.pid ?? []),
    )
  }

  /** The instance and the attempt, as one word. */
  attempt(): string {
    return Object.values(this.world.state.instances)
      .flatMap(({ shards }) => shards.map(({ runnerId }): RunnerId => runnerId))
      .join(' ')
  }

  /** How many events of the side channel there were in the current attempt. */
  toldInRounds(): number {
    return this.told.attempt === this.attempt() ? this.told.events : 0
  }

  restart(): void {
    this.happen(() => void this.world.command({ type: 'RestartMetaInstance', metaInstanceId: CHAT }))
    this.tellAll()
  }

  /** Somebody else leads: he knows nothing of any round, and what was on its way is lost. */
  changeMaster(): void {
    this.gather = new Gatherer()
    for (const at of this.seats.keys()) this.cut(at)
  }

  /** A node's link breaks and comes back at once. */
  cut(at: number): void {
    const seat = this.seats[at % this.seats.length]
    if (!seat) return
    seat.link += 1
    for (const { reset } of seat.listeners) reset?.()
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.listeners.delete(look)
        act()
      }
      const look = (): void => {
        if (holds()) settle(resolve)
      }
      const timer = setTimeout(() => {
        const { metaInstances, runners } = this.world.state
        settle(() =>
          reject(new Error(`waited in vain for: ${what}; last: ${JSON.stringify({ metaInstances, runners })}`)),
        )
      }, PATIENCE_MS)
      this.listeners.add(look)
      look()
    })
  }

  isReady(): boolean {
    return this.world.status(CHAT) === 'READY'
  }

  ready(): Promise<void> {
    return this.until('READY', () => this.isReady())
  }

  /** Ends all runners; what is left in the folders of their pipes. */
  async close(): Promise<string[]> {
    await Promise.all(this.seats.flatMap(({ worker }) => (worker ? [worker.close()] : [])))
    return this.seats.flatMap(({ runDir }) => readdirSync(runDir))
  }

  private observe(seat: Seat, event: Observation): void {
    const { link } = seat
    seat.up = seat.up.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, this.options.delay()))
      if (seat.link === link && mayObserve(this.world.state, seat.nodeId, event)) this.take(event)
    })
  }

  private take(event: Event): void {
    const events = [event]
    for (let at = 0; at < events.length; at += 1) {
      const one = events[at]
      if (!one) break
      if (one.type === 'JacclSideChannelData' || one.type === 'JacclSideChannelGathered')
        this.told = { attempt: this.attempt(), events: this.toldInRounds() + 1 }
      const envelope = next(this.world.state, one, Date.now())
      this.happen(() => void this.world.apply(one))
      this.tell(envelope)
      events.push(...this.gather.take(() => this.world.state, one))
    }
  }

  private tell(envelope: Envelope): void {
    for (const seat of this.seats) {
      const { link } = seat
      seat.down = seat.down.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, this.options.delay()))
        if (seat.link === link) for (const { event } of seat.listeners) event(envelope)
      })
    }
  }

  /** The state has changed by more than one event: all look at it. */
  private tellAll(): void {
    for (const { listeners } of this.seats) for (const { reset } of listeners) reset?.()
  }

  private happen(act: () => void): void {
    const { world } = this
    world.wait(Math.max(0, Date.now() - world.now))
    act()
    for (const look of [...this.listeners]) look()
    if (this.reconciling) return
    this.reconciling = true
    setImmediate(() => {
      this.reconciling = false
      const before = world.log.length
      world.reconcile()
      const decided = world.log.slice(before)
      for (const event of decided) {
        if (event.type === 'InstanceRetrying') this.failures.push(event.failureError)
        if (event.type === 'InstanceDeleted' && event.failureError !== undefined) this.failures.push(event.failureError)
        this.gather.take(() => world.state, event)
      }
      if (decided.length === 0) return
      this.tellAll()
      for (const look of [...this.listeners]) look()
    })
  }
}
