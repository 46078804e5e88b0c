import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Envelope, Event, Observation } from '@core/events/event'
import type { MetaInstanceId, NodeId, RunnerId } from '@core/ids'
import { MetaInstanceId as Id } from '@core/ids'
import { next } from '@core/events/next'
import { Gatherer } from '@core/side-channel/gather'
import { mayObserve } from '@core/events/observer'
import { rehearsalDevice } from '@core/state/rehearsal'
import { rdmaWorld } from '@core/testing/rdma-world'
import type { World } from '@core/testing/world'
import type { Python } from '@main/worker/process/python'
import { Suspects } from '@main/suspects/suspects'
import { Worker } from '@main/worker/worker'
import { python, required, root } from './paths'

const PATIENCE_MS = 90_000
const CHAT = Id.parse('chat')

/** Runners that only connect to the other ranks, in separate processes with real pipes. */
export const rehearsingRunner = (folder: string): Python => {
  const executable = join(folder, 'rehearsing-runner')
  const script = join(import.meta.dirname, 'rehearsing_rank.py')
  // Called as: -m muster_runner --pipes DIRECTORY. Without site-packages it starts twice as fast.
  const real = required(python, 'run `npm test`, which makes it')
  writeFileSync(executable, `#!/bin/sh\nexec ${real} -S ${script} "$4"\n`)
  chmodSync(executable, 0o755)
  return { executable, source: join(root, 'native-runner', 'src') }
}

interface Member {
  readonly nodeId: NodeId
  readonly runDir: string
  worker: Worker | undefined
  listeners: { event: (envelope: Envelope) => void; reset: (() => void) | undefined }[]
  /** Messages in flight to and from the leader, in order. */
  up: Promise<void>
  down: Promise<void>
  /** Incremented when the link breaks: messages in flight are lost. */
  link: number
}

export interface WorkerGroupOptions {
  readonly folder: string
  readonly size: number
  readonly python: Python
  /** Delay of the next message, in milliseconds. */
  readonly delay: () => number
  /** The RDMA device towards another machine; a rehearsal by default. */
  readonly device?: (to: NodeId) => string
  /** A worker reports that a runner may have leaked RDMA resources. */
  readonly onLeak: () => void
}

/**
 * Real workers with real runners, all in this process, on the real core. A fake leader folds and reconciles at once;
 * links have delays and breaks, and leaders change.
 */
export class WorkerGroup {
  readonly world: World
  readonly failures: string[] = []
  private gather = new Gatherer()
  private counted = { attempt: '', events: 0 }
  private readonly members: Member[]
  private readonly listeners = new Set<() => void>()
  private reconciling = false

  private constructor(private readonly options: WorkerGroupOptions) {
    const { size, folder, device = rehearsalDevice } = options
    const names = Array.from({ length: size }, (_, at) => `machine-${at}`)
    this.world = rdmaWorld(names, { device: (to) => device(to) })
    this.members = Object.values(this.world.state.members).map(({ nodeId }, at) => ({
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
    for (const member of group.members) {
      member.worker = await Worker.start({
        nodeId: member.nodeId,
        source: {
          state: () => group.world.state,
          subscribe: (event, reset) => {
            const listener = { event, reset }
            member.listeners.push(listener)
            return () => void (member.listeners = member.listeners.filter((one) => one !== listener))
          },
        },
        observer: { observe: (event) => group.observe(member, event) },
        suspects: new Suspects(),
        python: () => options.python,
        runDir: member.runDir,
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

  /** Identifies the instance and its attempt. */
  attempt(): string {
    return Object.values(this.world.state.instances)
      .flatMap(({ shards }) => shards.map(({ runnerId }): RunnerId => runnerId))
      .join(' ')
  }

  /** Number of side-channel events in the current attempt. */
  sideChannelEvents(): number {
    return this.counted.attempt === this.attempt() ? this.counted.events : 0
  }

  restart(): void {
    this.happen(() => void this.world.command({ type: 'RestartMetaInstance', metaInstanceId: CHAT }))
    this.resetAll()
  }

  /** Another leader takes over: it has no rounds, and messages in flight are lost. */
  changeMaster(): void {
    this.gather = new Gatherer()
    for (const at of this.members.keys()) this.cut(at)
  }

  /** A node's link breaks and comes back at once. */
  cut(at: number): void {
    const member = this.members[at % this.members.length]
    if (!member) return
    member.link += 1
    for (const { reset } of member.listeners) reset?.()
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.listeners.delete(check)
        act()
      }
      const check = (): void => {
        if (holds()) settle(resolve)
      }
      const timer = setTimeout(() => {
        const { metaInstances, runners } = this.world.state
        settle(() =>
          reject(new Error(`timed out waiting for: ${what}; last: ${JSON.stringify({ metaInstances, runners })}`)),
        )
      }, PATIENCE_MS)
      this.listeners.add(check)
      check()
    })
  }

  isReady(): boolean {
    return this.world.status(CHAT) === 'READY'
  }

  ready(): Promise<void> {
    return this.until('READY', () => this.isReady())
  }

  /** Ends all runners; returns the files left in their run folders. */
  async close(): Promise<string[]> {
    await Promise.all(this.members.flatMap(({ worker }) => (worker ? [worker.close()] : [])))
    return this.members.flatMap(({ runDir }) => readdirSync(runDir))
  }

  private observe(member: Member, event: Observation): void {
    const { link } = member
    member.up = member.up.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, this.options.delay()))
      if (member.link === link && mayObserve(this.world.state, member.nodeId, event)) this.take(event)
    })
  }

  private take(event: Event): void {
    const events = [event]
    for (let at = 0; at < events.length; at += 1) {
      const one = events[at]
      if (!one) break
      if (one.type === 'JacclSideChannelData' || one.type === 'JacclSideChannelGathered')
        this.counted = { attempt: this.attempt(), events: this.sideChannelEvents() + 1 }
      const envelope = next(this.world.state, one, Date.now())
      this.happen(() => void this.world.apply(one))
      this.broadcast(envelope)
      events.push(...this.gather.take(() => this.world.state, one))
    }
  }

  private broadcast(envelope: Envelope): void {
    for (const member of this.members) {
      const { link } = member
      member.down = member.down.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, this.options.delay()))
        if (member.link === link) for (const { event } of member.listeners) event(envelope)
      })
    }
  }

  /** The state has changed by more than one event: notifies all of a replaced state. */
  private resetAll(): void {
    for (const { listeners } of this.members) for (const { reset } of listeners) reset?.()
  }

  private happen(act: () => void): void {
    const { world } = this
    world.wait(Math.max(0, Date.now() - world.now))
    act()
    for (const listener of [...this.listeners]) listener()
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
      this.resetAll()
      for (const listener of [...this.listeners]) listener()
    })
  }
}
