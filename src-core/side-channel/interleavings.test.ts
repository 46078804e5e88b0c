import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Event, Observation } from '../events/event'
import { RunnerId, type InstanceId } from '../ids'
import { rdmaWorld } from '../testing/rdma-world'
import { Gatherer } from './gather'
import { Rounds } from './rounds'

const ROUNDS = 4
const TICK_MS = 200

/** A runner behind its supervisor, on a node whose link to the master can lose messages. */
interface Rank {
  readonly runnerId: RunnerId
  readonly rounds: Rounds
  readonly results: string[][]
  up: Observation[]
  down: Event[]
}

/** Ranks that form a group, with a master that can change, over links that lose, repeat and delay messages. */
class Group {
  private readonly world
  private readonly instanceId: InstanceId
  private gather = new Gatherer()
  private now = 0
  private attempt = 0
  readonly ranks: Rank[]

  constructor(size: number) {
    this.world = rdmaWorld(Array.from({ length: size }, (_, rank) => `machine ${rank}`))
    const instance = Object.values(this.world.state.instances)[0]
    if (!instance) throw new Error('not placed')
    this.instanceId = instance.instanceId
    this.ranks = instance.shards.map(({ runnerId }) => this.rank(runnerId))
  }

  part(rank: number, sequence: number): string {
    return Buffer.from(`${this.attempt}:${rank}:${sequence}`).toString('base64')
  }

  /** The runner of this rank starts its next round, unless it waits for one. */
  ask(at: number): void {
    const rank = this.of(at)
    if (rank.rounds.isWaiting || rank.results.length === ROUNDS) return
    rank.up.push(...rank.rounds.ask(this.part(this.ranks.indexOf(rank), rank.results.length), this.now))
  }

  /** Delivers the rank's first message to the master, once or twice. */
  arrive(at: number, { twice = false } = {}): void {
    const rank = this.of(at)
    const [event] = twice ? rank.up : rank.up.splice(0, 1)
    if (event) this.happen(event)
  }

  lose(at: number): void {
    this.of(at).up.splice(0, 1)
  }

  hear(at: number): void {
    const rank = this.of(at)
    const event = rank.down.shift()
    const outcome = event && rank.rounds.take(this.world.state, event)
    if (outcome?.kind === 'failed') throw new Error(outcome.reason)
    if (outcome) rank.results.push([...outcome.parts])
  }

  /** The link breaks and comes back: the node starts with the master's state. */
  cut(at: number): void {
    const rank = this.of(at)
    rank.down = []
    rank.up = rank.rounds.resend(this.now)
  }

  /** Another node becomes master, and the first message of this rank to it is lost. */
  changeMaster(at: number): void {
    this.gather = new Gatherer()
    for (const rank of this.ranks.keys()) this.cut(rank)
    this.lose(at)
  }

  tick(): void {
    this.now += TICK_MS
    for (const rank of this.ranks) {
      const { send, outcome } = rank.rounds.tick(this.world.state, this.now)
      if (outcome?.kind === 'failed') throw new Error(outcome.reason)
      rank.up.push(...send)
    }
  }

  /** Every runner is replaced while messages of the old ones are still in flight. */
  retry(): void {
    this.attempt += 1
    const runnerIds = this.ranks.map((_, rank) => RunnerId.parse(`again-${this.attempt}-${rank}`))
    const { metaInstanceId } = Object.values(this.world.state.instances)[0] ?? {}
    if (metaInstanceId === undefined) throw new Error('no declaration')
    this.happen({
      type: 'InstanceRetrying',
      instanceId: this.instanceId,
      metaInstanceId,
      failureError: 'killed',
      runnerIds,
    })
    for (const [at, runnerId] of runnerIds.entries()) {
      const { up, down } = this.of(at)
      this.ranks[at] = { ...this.rank(runnerId), up, down }
    }
  }

  get isMade(): boolean {
    return this.ranks.every(({ results }) => results.length === ROUNDS)
  }

  /** Every rank starts its round, and all messages arrive. */
  askAll(): void {
    for (const at of this.ranks.keys()) {
      this.ask(at)
      while (this.of(at).up.length > 0) this.arrive(at)
    }
  }

  hearAll(at: number): void {
    while (this.of(at).down.length > 0) this.hear(at)
  }

  /** From now on no message is lost. */
  settle(): void {
    for (let turn = 0; turn < 30 && !this.isMade; turn += 1) {
      this.askAll()
      for (const at of this.ranks.keys()) this.hearAll(at)
      this.tick()
    }
  }

  private of(at: number): Rank {
    const rank = this.ranks[at % this.ranks.length]
    if (!rank) throw new Error('no ranks')
    return rank
  }

  private rank(runnerId: RunnerId): Rank {
    const { instanceId } = this
    return { runnerId, rounds: new Rounds({ instanceId, runnerId }), results: [], up: [], down: [] }
  }

  private happen(event: Event): void {
    this.world.apply(event)
    const events = [event, ...this.gather.take(() => this.world.state, event)]
    for (const rank of this.ranks) rank.down.push(...events)
  }
}

const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ does: fc.constantFrom('askAll', 'hearAll'), at: fc.nat(5) }) },
  { weight: 12, arbitrary: fc.record({ does: fc.constantFrom('ask', 'arrive', 'hear'), at: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('lose', 'repeat', 'cut', 'tick'), at: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom('changeMaster', 'changeMaster', 'changeMaster', 'retry'),
      at: fc.nat(5),
    }),
  },
)

it('whatever messages are lost, repeated or delayed and whoever leads, every rank gets every round once, in order and unmixed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), fc.array(action, { maxLength: 120, size: 'max' }), (size, actions) => {
      const group = new Group(size)
      for (const { does, at } of actions) {
        if (does === 'ask' || does === 'hear' || does === 'lose' || does === 'cut') group[does](at)
        else if (does === 'askAll') group.askAll()
        else if (does === 'hearAll') group.hearAll(at)
        else if (does === 'arrive' || does === 'repeat') group.arrive(at, { twice: does === 'repeat' })
        else if (does === 'tick') group.tick()
        else if (does === 'changeMaster') group.changeMaster(at)
        else group.retry()
      }
      group.settle()
      const expected = Array.from({ length: ROUNDS }, (_, sequence) =>
        group.ranks.map((_rank, rank) => group.part(rank, sequence)),
      )
      for (const { results } of group.ranks) expect(results).toEqual(expected)
    }),
    { numRuns: 1000 },
  )
})
