import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Observation } from '@core/events/event'
import type { GenerationUpdate } from '@core/generation/stream'
import { ModelId, TaskId, type MetaInstanceId, type NodeId } from '@core/ids'
import type { Runner } from '@core/state/runners'
import { World } from '@core/testing/world'
import type { Python } from '@main/worker/process/python'
import { Suspects } from '@main/suspects/suspects'
import { Worker, type WorkerOptions } from '@main/worker/worker'
import { python, required, root } from './paths'
import { PATIENCE_MS } from './patience'

export const realPython = (): Python => ({
  executable: required(python, 'run `npm test`, which makes it'),
  source: join(root, 'native-runner', 'src'),
})

/** A fake runner: a shell script, in which `$EVENTS` is the pipe to the supervisor. */
export const scriptedRunner = (folder: string, script: string): Python => {
  const executable = join(folder, 'scripted-runner')
  // Called as: -m muster_runner --pipes DIRECTORY
  writeFileSync(executable, `#!/bin/sh\nEVENTS="$4/events"\n${script}\n`)
  chmodSync(executable, 0o755)
  return { executable, source: folder }
}

export interface OneWorkerOptions extends Partial<Pick<WorkerOptions, 'limits'>> {
  readonly folder: string
  readonly python: Python
  readonly modelPath: string
  /** Prepares the state before the worker starts. */
  readonly before?: (world: World, id: MetaInstanceId) => void
}

/** A real worker on the real core, with a fake leader that folds its observations and reconciles at once. */
export class OneWorker {
  readonly world = new World()
  readonly nodeId: NodeId
  readonly id: MetaInstanceId
  readonly runDir: string
  private worker: Worker | undefined
  private readonly listeners = new Set<() => void>()
  private reconciling = false
  private count = 0

  private constructor({ folder, before }: OneWorkerOptions) {
    this.runDir = join(folder, 'run')
    this.nodeId = this.world.addNode('Mac mini')
    this.id = this.world.declare('chat')
    this.world.reconcile()
    before?.(this.world, this.id)
  }

  static async start(options: OneWorkerOptions): Promise<OneWorker> {
    const made = new OneWorker(options)
    const { python: which, modelPath, limits } = options
    made.worker = await Worker.start({
      nodeId: made.nodeId,
      source: {
        state: () => made.world.state,
        // Notify of every change as of a replaced state: the worker is level-triggered.
        subscribe: (_event, reset) => made.listen(() => reset?.()),
      },
      observer: { observe: (event) => made.observe(event) },
      suspects: new Suspects(),
      python: () => which,
      runDir: made.runDir,
      modelPath: () => modelPath,
      log: { info: () => undefined, warn: () => undefined },
      ...(limits && { limits }),
    })
    return made
  }

  get running(): Worker {
    if (!this.worker) throw new Error('the worker has not been started')
    return this.worker
  }

  observe(event: Observation): void {
    this.change(() => this.world.apply(event))
  }

  command(command: Parameters<World['command']>[0]): void {
    this.change(() => void this.world.command(command))
  }

  /** The runner of the declaration's instance, once it has reported. */
  get runner(): Runner | undefined {
    const [shard] = this.world.instance(this.id).shards
    return shard && this.world.state.runners[shard.runnerId]
  }

  get pid(): number {
    const pid = this.runner?.pid
    if (pid === undefined) throw new Error('there is no runner')
    return pid
  }

  /** Resolves once the condition holds, checked after every event. */
  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        unlisten()
        act()
      }
      const look = (): void => {
        if (holds()) settle(resolve)
      }
      const timer = setTimeout(() => {
        const { metaInstances, runners } = this.world.state
        const state = JSON.stringify({ metaInstances, runners })
        settle(() => reject(new Error(`timed out waiting for: ${what}; last state: ${state}`)))
      }, PATIENCE_MS)
      const unlisten = this.listen(look)
      look()
    })
  }

  ready(): Promise<void> {
    return this.until('READY', () => this.world.status(this.id) === 'READY')
  }

  /** The declaration's last failure, once there is one. */
  async failure(): Promise<string> {
    const error = (): string | undefined => this.world.metaInstance(this.id).lastFailureError
    await this.until('a failure', () => error() !== undefined)
    return error() ?? ''
  }

  /** Streams a request; ids are `task-1`, `task-2` and so on. */
  generate(maxTokens: number, signal = new AbortController().signal): AsyncIterable<GenerationUpdate> {
    const { instanceId } = this.world.instance(this.id)
    const taskId = TaskId.parse(`task-${++this.count}`)
    this.observe({
      type: 'TaskCreated',
      task: { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: 0 },
    })
    const request = {
      taskId,
      modelId: ModelId.parse('muster/tiny'),
      prompt: {
        kind: 'chat' as const,
        messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'hello' }] }],
      },
      sampling: { temperature: 0 },
      stop: [],
      maxTokens,
    }
    return this.running.generate(request, { instanceId, signal })
  }

  async close(): Promise<void> {
    await this.worker?.close()
  }

  private listen(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private change(act: () => void): void {
    const { world } = this
    world.wait(Math.max(0, Date.now() - world.now))
    act()
    for (const listener of this.listeners) listener()
    if (this.reconciling) return
    this.reconciling = true
    setImmediate(() => {
      this.reconciling = false
      const before = world.log.length
      world.reconcile()
      if (world.log.length > before) for (const listener of this.listeners) listener()
    })
  }
}
