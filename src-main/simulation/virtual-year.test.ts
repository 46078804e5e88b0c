import { describe, expect, it } from 'vitest'
import { MetaInstanceId } from '@core/ids'
import { Scenario, Step } from '@core/simulation/scenario'
import { ClusterSimulation } from './cluster-simulation'
import { later } from '@core/time/clocks'

const DAYS = 365
const DAY_MS = 24 * 3_600_000
/** Longer than placing waits after any number of failures. */
const BACK_OFF_MS = 61_000
const ATTEMPTS_A_DAY = 3
/** Long enough for an attempt to fail on two machines and to be replicated. */
const ATTEMPT_MS = 400
/** Some seconds of processor time: nothing in it waits. */
const TIMEOUT_MS = 600_000

const chat = MetaInstanceId.parse('chat')
const error = '[metal] out of memory while loading layer 17 of 32'

const world = Scenario.parse({
  wallClock: '2026-01-01T00:00:00Z',
  replicas: ['a', 'b'],
  models: { 'm/small': { storageBytes: 4e9, layers: 32, hiddenSize: 4096, kvHeads: 8 } },
  steps: [],
})

/** The latest events and records, of which a year is not enough to reach the bounds that their own tests hold. */
const LATEST: ReadonlySet<string> = new Set(['RecentEvents', 'RecentRecords'])

/** How many entries everything holds that can be reached from a value. */
const heldBy = (root: object): number => {
  const seen = new Set<unknown>()
  const left: unknown[] = [root]
  let held = 0
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) continue
    if (LATEST.has(value.constructor?.name)) continue
    seen.add(value)
    const entries: readonly unknown[] =
      value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value)
    held += entries.length
    for (const entry of entries) left.push(entry)
  }
  return held
}

/** Two machines that keep a declaration which fails wherever it is placed. */
class FailingYear {
  readonly simulation = new ClusterSimulation(world, {})
  private readonly nodes = [...this.simulation.nodes.values()]

  take(step: object): void {
    this.simulation.take(Step.parse({ at: this.simulation.clock.now(), ...step }))
  }

  async begin(): Promise<void> {
    for (const { self } of this.nodes) this.take({ do: 'addNode', node: self })
    await this.run(3000)
    this.take({ do: 'createMetaInstance', id: chat, modelId: 'm/small' })
    await this.run(1000)
  }

  run(milliseconds: number): Promise<void> {
    return this.simulation.runUntil(this.simulation.clock.now() + milliseconds)
  }

  /** The days are leapt over: all clocks go on, and whatever waits for them is due. */
  async day(): Promise<void> {
    const { simulation } = this
    const { clock } = simulation
    const end = later(clock.wall(), DAY_MS)
    for (let attempt = 0; attempt < ATTEMPTS_A_DAY; attempt += 1) {
      const [shard] = Object.values(simulation.state().instances).flatMap(({ shards }) => shards)
      if (shard) this.take({ do: 'failRunner', metaInstance: chat, node: shard.nodeId, error })
      await this.run(ATTEMPT_MS)
      clock.setWall(later(clock.wall(), BACK_OFF_MS))
    }
    clock.setWall(end)
  }

  /** What each node has on its disk, in bytes. */
  bytes(): number[] {
    return this.nodes.map(({ disk }) => disk.bytes)
  }

  async restart(): Promise<void> {
    for (const { self } of this.nodes) this.take({ do: 'crashNode', node: self })
    for (const { self } of this.nodes) this.take({ do: 'restartNode', node: self })
    await this.run(5000)
  }
}

describe('a year in which a declaration fails again and again', () => {
  it(
    'leaves memory and disk of every node as they were, and a folder to start from',
    { timeout: TIMEOUT_MS },
    async () => {
      const year = new FailingYear()
      const { simulation } = year
      await year.begin()
      const [bytes, held]: [number[], number[]] = [[], []]
      for (let day = 0; day < DAYS; day += 1) {
        await year.day()
        bytes.push(Math.max(...year.bytes()))
        held.push(heldBy(simulation))
      }
      // From day to day they differ by what was decided since the last snapshot.
      const most = (figures: readonly number[]): number => Math.max(...figures)
      const { length } = bytes
      expect(most(bytes.slice(length / 2))).toBeLessThan(1.1 * most(bytes.slice(0, length / 4)))
      expect(most(held.slice(length / 2))).toBeLessThan(1.1 * most(held.slice(0, length / 4)))

      const known = simulation.state().metaInstances[chat]
      for (const node of simulation.nodes.values()) {
        expect(node.logEnd?.sequence).toBeGreaterThan(2 * DAYS)
        expect(node.stored.readLog().replayed).toBeLessThan(40)
      }
      await year.restart()
      expect(simulation.masters()).toHaveLength(1)
      for (const node of simulation.nodes.values()) {
        expect(node.state().metaInstances[chat]).toMatchObject({ createdAt: known?.createdAt, modelId: 'm/small' })
        expect(node.state().lastEventIndex).toBe(simulation.state().lastEventIndex)
      }
      await year.day()
      expect(simulation.state().metaInstances[chat]?.lastFailureError).toContain('out of memory')
    },
  )
})
