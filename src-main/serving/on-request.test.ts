import { describe, expect, it } from 'vitest'
import type { Command, Refusal } from '@core/commands/command'
import type { ApiRequest, ClientRequest } from '@core/generation/request'
import { routeOf } from '@core/generation/route'
import type { GenerationUpdate } from '@core/generation/stream'
import { MetaInstanceId, type CommandId } from '@core/ids'
import { SMALL, smallCard, World } from '@core/testing/world'
import { LoadOnRequest } from './on-request'

type Result = { status: 'done' } | { status: 'refused'; refusal: Refusal }

const finished: GenerationUpdate = {
  type: 'finished',
  reason: 'stop',
  usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 1 },
}
const request: ApiRequest = { model: SMALL, prompt: { kind: 'text', text: 'x' }, sampling: {}, stop: [] }

/** A machine with the model on its disk: the real core, with fakes for deciding and serving. */
class Machine {
  readonly world = new World()
  readonly commands: Command[] = []
  enabled = true
  /** Rewrites a command as a master of an earlier version would parse it. */
  asHeard = (command: Command): Command => command
  /** Called after each decision, before its result is read. */
  afterwards = (): void => undefined
  private readonly answered: ClientRequest[] = []
  readonly loads: LoadOnRequest

  constructor({ free = 48e9 } = {}) {
    const nodeId = this.world.addNode('Mac Studio', { free })
    const { storageBytes } = smallCard
    const download = { status: 'Complete', downloadedBytes: storageBytes, totalBytes: storageBytes } as const
    this.world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download })
    this.loads = new LoadOnRequest({
      source: { state: () => this.world.state },
      commands: { submit: (command, options) => this.submit(command, options) },
      serving: { generate: (one) => this.serve(one) },
      problemOf: (model) => (model === 'm/damaged' ? 'model.safetensors is missing' : undefined),
      settings: () => ({ enabled: this.enabled, idleSeconds: 300 }),
      log: { warn: () => undefined },
      now: () => this.world.now,
    })
  }

  async ask(more: Partial<ApiRequest> = {}): Promise<GenerationUpdate> {
    for await (const update of this.loads.generate({ ...request, ...more }, { signal: new AbortController().signal }))
      return update
    throw new Error('no answer')
  }

  get requests(): readonly ClientRequest[] {
    return this.answered
  }

  get declared() {
    return Object.values(this.world.state.metaInstances)
  }

  private async submit(command: Command, _options: { commandId: CommandId }): Promise<Result> {
    // As over a link, where the answer arrives asynchronously.
    await Promise.resolve()
    this.commands.push(command)
    const decided = this.world.command(this.asHeard(command))
    this.world.reconcile()
    this.afterwards()
    return decided.status === 'refused' ? decided : { status: 'done' }
  }

  private async *serve(one: ClientRequest): AsyncGenerator<GenerationUpdate> {
    await Promise.resolve()
    this.answered.push(one)
    const route = routeOf(this.world.state, one.model)
    if (route.kind === 'unknown') yield { type: 'failed', code: 'model_not_found', message: 'not declared' }
    else if (route.kind === 'off') yield { type: 'failed', code: 'model_unavailable', message: 'outside its hours' }
    else if (route.kind === 'refused') yield { type: 'failed', code: 'model_unavailable', message: route.reason }
    else yield finished
  }
}

describe('a request for a model that is outside its hours', () => {
  const hours = [{ from: '09:00', to: '10:00', timeZone: 'UTC' }]
  const resting = (): Machine => {
    const machine = new Machine()
    machine.world.now = Date.parse('2026-03-04T12:00:00Z')
    machine.world.wait(0)
    machine.world.declare('chat', { name: 'office', hours })
    machine.world.reconcile()
    return machine
  }

  it('wakes it until it is idle, by its name too', async () => {
    const machine = resting()
    expect(await machine.ask({ model: 'office' })).toEqual(finished)
    expect(machine.declared).toMatchObject([{ schedule: { on: false, woken: { idleSeconds: 300 } } }])
  })

  it('is refused where loading on request is off', async () => {
    const machine = resting()
    machine.enabled = false
    expect(await machine.ask()).toMatchObject({ code: 'model_unavailable', message: 'outside its hours' })
    expect(machine.commands).toEqual([])
  })
})

describe('a request for an undeclared model', () => {
  it('declares it temporarily if it is on a disk, once for concurrent requests', async () => {
    const machine = new Machine()
    expect(await Promise.all([machine.ask(), machine.ask(), machine.ask()])).toEqual([finished, finished, finished])
    expect(machine.declared).toMatchObject([{ modelId: SMALL, onRequest: { idleSeconds: 300 } }])
    expect(machine.commands).toHaveLength(1)
    expect(machine.loads.loadable()).toEqual([SMALL])
  })

  it('fails as unknown if the model is on no disk or damaged, or if loading on request is off', async () => {
    const machine = new Machine()
    const unknown = { type: 'failed', code: 'model_not_found' }
    expect(await machine.ask({ model: 'm/elsewhere' })).toMatchObject(unknown)
    const missing = expect.stringContaining('model.safetensors is missing') as string
    expect(await machine.ask({ model: 'm/damaged' })).toMatchObject({ ...unknown, message: missing })
    machine.enabled = false
    expect(await machine.ask()).toMatchObject(unknown)
    expect(machine.loads.loadable()).toEqual([])
    expect(machine.declared).toEqual([])
  })

  it('fails at once with the reason if there is no place, and leaves no declaration behind', async () => {
    const machine = new Machine({ free: 1e9 })
    expect(await machine.ask()).toMatchObject({
      code: 'model_unavailable',
      message: expect.stringContaining('1 GB free') as string,
    })
    await Promise.resolve()
    expect(machine.declared).toEqual([])
  })

  it('uses what another node has declared meanwhile', async () => {
    const machine = new Machine()
    const asHeard = machine.asHeard
    machine.asHeard = (command) => {
      if (command.type === 'CreateMetaInstance') machine.world.declare('of another node')
      return asHeard(command)
    }
    expect(await machine.ask()).toEqual(finished)
    expect(machine.declared.map(({ metaInstanceId }) => metaInstanceId)).toEqual(['of another node'])
  })

  it('reloads it if other requests unload it first, and after several times fails with that reason', async () => {
    const machine = new Machine()
    machine.afterwards = () => {
      for (const { metaInstanceId } of machine.declared)
        machine.world.command({ type: 'DeleteMetaInstance', metaInstanceId })
    }
    expect(await machine.ask()).toMatchObject({
      code: 'model_unavailable',
      message: expect.stringContaining('keep_alive') as string,
    })
    expect(machine.commands.length).toBeGreaterThan(1)
    machine.afterwards = () => undefined
    expect(await machine.ask()).toEqual(finished)
  })

  it('leaves no permanent declaration with a master that knows no temporary ones', async () => {
    const machine = new Machine()
    machine.asHeard = (command) => {
      if (command.type !== 'CreateMetaInstance') return command
      const { onRequest: _unknown, ...known } = command
      return known
    }
    expect(await machine.ask()).toMatchObject({ code: 'model_unavailable' })
    expect(machine.declared).toEqual([])
  })
})

describe('the keep_alive of a request', () => {
  it('changes the temporary declaration if it differs, and does not reach the runner', async () => {
    const machine = new Machine()
    await machine.ask({ keepAlive: 60 })
    await machine.ask({ keepAlive: 60 })
    await machine.ask()
    expect(machine.commands).toHaveLength(1)
    expect(machine.declared).toMatchObject([{ onRequest: { idleSeconds: 60 } }])
    await machine.ask({ keepAlive: Infinity })
    expect(machine.declared).toMatchObject([{ onRequest: {} }])
    for (const one of machine.requests) expect(one).not.toHaveProperty('keepAlive')
  })

  it('holds also where another request is loading the model already, or another node has declared it', async () => {
    const machine = new Machine()
    await Promise.all([machine.ask({ keepAlive: 60 }), machine.ask({ keepAlive: 600 }), machine.ask()])
    expect(machine.declared).toMatchObject([{ onRequest: { idleSeconds: 600 } }])
    const other = new Machine()
    other.asHeard = (command) => {
      if (command.type === 'CreateMetaInstance') other.world.declare('elsewhere', { onRequest: { idleSeconds: 300 } })
      return command
    }
    await other.ask({ keepAlive: 600 })
    expect(other.declared).toMatchObject([{ metaInstanceId: 'elsewhere', onRequest: { idleSeconds: 600 } }])
  })

  it('is throttled if requests disagree: the longest wins for a while, except that 0 unloads at once', async () => {
    const machine = new Machine()
    await machine.ask({ keepAlive: 60 })
    for (let turn = 0; turn < 20; turn += 1) await machine.ask({ keepAlive: turn % 2 === 0 ? 600 : 60 })
    expect(machine.commands).toHaveLength(2)
    expect(machine.declared).toMatchObject([{ onRequest: { idleSeconds: 600 } }])
    machine.world.wait(10_000)
    await machine.ask({ keepAlive: 60 })
    expect(machine.declared).toMatchObject([{ onRequest: { idleSeconds: 60 } }])
    await machine.ask({ keepAlive: 0 })
    expect(machine.declared).toMatchObject([{ onRequest: { idleSeconds: 0 } }])
  })

  it('does not change a permanent declaration', async () => {
    const machine = new Machine()
    machine.world.declare(MetaInstanceId.parse('chat'))
    expect(await machine.ask({ keepAlive: 0 })).toEqual(finished)
    expect(machine.commands).toEqual([])
  })
})
