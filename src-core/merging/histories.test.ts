import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Command } from '../commands/command'
import { decide } from '../commands/decide'
import { isDecision, type Envelope, type Event } from '../events/event'
import { Folding } from '../fold/index'
import { ApiKeyId, InstanceId, MetaInstanceId, ModelId, NodeId, RunnerId } from '../ids'
import { next } from '../events/next'
import { emptyState, type State } from '../state/state'
import { declaredSince, combined, type UnmergedDeclarations } from './unmerged'
import { decideMerge } from './decide-merge'
import { declaredOf } from './declared'
import { merge } from './merge'
import { compareStamps, fieldStamp, SETTINGS_KEY, stampKey, type Stamp } from '../state/stamp'

/*
 * Random histories: machines are separated and declare independently, each by its own clock, which steps back and
 * forth. When two meet, one sets its log aside for the other's. In the end all meet, in any order.
 */

const NODES = ['a', 'b', 'c'] as const
type Name = (typeof NODES)[number]
const ids = { instanceId: () => InstanceId.parse('i'), runnerId: () => RunnerId.parse('r') }
const START = 10_000_000

interface Side {
  readonly log: readonly Envelope[]
  readonly state: State
  /** Declarations that it set aside and that are not merged yet. */
  readonly unmerged: UnmergedDeclarations | undefined
}

const folded = (log: readonly Envelope[], from: State = emptyState()): State => {
  const folding = new Folding(from)
  for (const envelope of log) {
    if (envelope.term > folding.read(({ term }) => term)) folding.enter(envelope.term, leaderOf(envelope.term))
    folding.fold(envelope)
  }
  return folding.state
}

/** Terms are never equal here: each machine uses its own numbers. */
const leaderOf = (term: number): NodeId => NodeId.parse(NODES[term % NODES.length] ?? 'a')
const termOf = (name: Name, { term }: State): number => {
  const at = NODES.indexOf(name)
  return leaderOf(term) === NodeId.parse(name) ? term : (Math.floor(term / NODES.length) + 1) * NODES.length + at
}

/** The machine leads its side by its own clock, which is never before a stamp that it has seen. */
const decided = (side: Side, name: Name, events: readonly Event[], now: number): Side => {
  const term = termOf(name, side.state)
  const folding = new Folding(side.state).enter(term, leaderOf(term))
  const log = [...side.log]
  for (const event of events) {
    const envelope = folding.read((state) => next(state, event, now))
    folding.fold(envelope)
    if (isDecision(event)) log.push(envelope)
  }
  return { ...side, log, state: folding.state }
}

const shared = (a: readonly Envelope[], b: readonly Envelope[]): number => {
  const end = a.findIndex((envelope, at) => b[at] !== envelope)
  return end === -1 ? a.length : end
}

/** The loser sets aside the records that the winner does not have, and keeps the declarations in them. */
const givenUp = (winner: Side, loser: Side): Side => {
  const common = shared(loser.log, winner.log)
  const since = loser.log.slice(common).map(({ event }) => event)
  const unmerged = since.length > 0 ? declaredSince(folded(loser.log.slice(0, common)), loser.state, since) : undefined
  const kept = unmerged && loser.unmerged ? combined(loser.unmerged, unmerged) : (unmerged ?? loser.unmerged)
  return { log: winner.log, state: winner.state, unmerged: kept }
}

type Sides = Readonly<Record<Name, Side>>
type Step =
  | { readonly kind: 'command'; readonly by: Name; readonly command: Command }
  | { readonly kind: 'end'; readonly by: Name; readonly id: MetaInstanceId }
  | { readonly kind: 'clock'; readonly by: Name; readonly ahead: number }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'meet'; readonly winner: Name; readonly loser: Name; readonly merges: boolean }

const metaInstanceId = fc.constantFrom('d1', 'd2', 'd3', 'd4').map((id) => MetaInstanceId.parse(id))
const nodeId = fc.constantFrom('x', 'y').map((id) => NodeId.parse(id))
const apiKeyId = fc.constantFrom('k1', 'k2').map((id) => ApiKeyId.parse(id))
const title = fc.constantFrom('chat', 'Chat', 'chat 2', 'writer', 'm/1')
const by = fc.constantFrom(...NODES)

const declaring = (id: MetaInstanceId, onRequest: boolean): Command => ({
  type: 'CreateMetaInstance',
  metaInstanceId: id,
  modelId: ModelId.parse(`m/${id.slice(1)}`),
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  placementPreference: 'auto',
  paused: false,
  ...(onRequest && { onRequest: { idleSeconds: 1 } }),
})

const changes = fc.oneof(
  title.map((name) => ({ name })),
  fc.boolean().map((paused) => ({ paused })),
  fc.constantFrom(512, 1024, null).map((maxContext) => ({ maxContext })),
  fc.constantFrom('MlxRing' as const, 'MlxJaccl' as const).map((instanceMeta) => ({ instanceMeta })),
  fc.constantFrom(1, 2, 3).map((minNodes) => ({ minNodes })),
  fc.constant({ onRequest: null, pinned: null }),
)

const onDeclarations: fc.Arbitrary<Command> = fc.oneof(
  // `d4` is always loaded on request.
  metaInstanceId.map((id) => declaring(id, id === MetaInstanceId.parse('d4'))),
  fc.record({ type: fc.constant('UpdateMetaInstance' as const), metaInstanceId, changes }),
  fc.record({ type: fc.constant('UpdateMetaInstance' as const), metaInstanceId, changes }),
  fc.record({ type: fc.constant('DeleteMetaInstance' as const), metaInstanceId }),
)
const onMembers: fc.Arbitrary<Command> = fc.oneof(
  nodeId.map((id) => ({ type: 'AdmitMember' as const, member: { nodeId: id, certificate: 'c', friendlyName: id } })),
  fc.record({ type: fc.constant('RenameMember' as const), nodeId, friendlyName: title }),
  fc.record({ type: fc.constant('DrainMember' as const), nodeId, drained: fc.boolean() }),
  fc.record({ type: fc.constant('RemoveMember' as const), nodeId }),
)
const onKeysAndSettings: fc.Arbitrary<Command> = fc.oneof(
  apiKeyId.map((id) => ({ type: 'CreateApiKey' as const, apiKey: { apiKeyId: id, name: id, hash: id } })),
  fc.record({
    type: fc.constant('UpdateApiKey' as const),
    apiKeyId,
    changes: fc.oneof(
      title.map((name) => ({ name })),
      fc.constantFrom({ concurrent: 2 }, null).map((limits) => ({ limits })),
    ),
  }),
  fc.record({ type: fc.constant('RevokeApiKey' as const), apiKeyId }),
  fc.record({
    type: fc.constant('ChangeSetting' as const),
    change: fc.record({ key: fc.constant('maxRetries' as const), value: fc.nat(5) }),
  }),
)

const stepsOf = (command: fc.Arbitrary<Command>, commands?: number): fc.Arbitrary<Step[]> =>
  fc.array(stepOf(command, commands), { maxLength: 60 })
const stepOf = (command: fc.Arbitrary<Command>, commands = 12): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: commands, arbitrary: fc.record({ kind: fc.constant('command' as const), by, command }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), by, id: metaInstanceId }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('clock' as const),
        by,
        ahead: fc.constantFrom(-3_600_000, -5000, 0, 5000, 3_600_000),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.constantFrom(1, 1000) }) },
    {
      weight: 4,
      arbitrary: fc
        .record({ kind: fc.constant('meet' as const), winner: by, loser: by, merges: fc.boolean() })
        .filter(({ winner, loser }) => winner !== loser),
    },
  )

interface Write {
  readonly key: string
  readonly field: string
  readonly stamp: Stamp
  /** When the entity that it belongs to was created. */
  readonly made: Stamp
}

class History {
  sides: Sides
  private now = START
  private readonly ahead: Record<Name, number> = { a: 0, b: 0, c: 0 }
  /** By the stamps of the side that made the write. */
  readonly writes: Write[] = []
  readonly deleted = new Set<string>()
  /** Declarations and keys that were created explicitly, not on request. */
  readonly made = new Set<string>()
  /** Temporary declarations that people made permanent. */
  readonly kept = new Set<string>()
  /** Removals and admissions of members, in order. */
  readonly memberships: { readonly nodeId: NodeId; readonly at: number; readonly isIn: boolean }[] = []

  constructor() {
    const before: Side = { log: [], state: emptyState(), unmerged: undefined }
    const common = [declaring(MetaInstanceId.parse('d1'), false), declaring(MetaInstanceId.parse('d4'), true)].reduce(
      (side, one) => this.carriedOut(side, 'a', one),
      before,
    )
    this.sides = { a: common, b: common, c: common }
    this.now += 1000
  }

  take(next: Step): this {
    switch (next.kind) {
      case 'wait':
        this.now += next.milliseconds
        return this
      case 'clock':
        this.ahead[next.by] = next.ahead
        return this
      case 'command':
        return this.put(next.by, this.carriedOut(this.sides[next.by], next.by, next.command))
      case 'end': {
        const side = this.sides[next.by]
        if (side.state.metaInstances[next.id]?.onRequest === undefined) return this
        const ended: Event = { type: 'MetaInstanceDeleted', metaInstanceId: next.id, cause: 'idle' }
        return this.put(next.by, decided(side, next.by, [ended], this.clock(next.by)))
      }
      case 'meet': {
        const { winner, loser, merges } = next
        this.put(loser, givenUp(this.sides[winner], this.sides[loser]))
        return merges ? this.merged(winner, loser) : this
      }
    }
  }

  /** The loser submits its kept declarations, the winner decides the merge, and the loser takes over the result. */
  private merged(winner: Name, loser: Name): this {
    const { unmerged } = this.sides[loser]
    const { [winner]: before } = this.sides
    const after = unmerged ? decided(before, winner, decideMerge(before.state, unmerged), this.clock(winner)) : before
    this.put(winner, after)
    return this.put(loser, { ...after, unmerged: undefined })
  }

  /** One machine meets all others in turn, and they take over what it has learned. */
  atRest(first: Name, order: readonly Name[]): State {
    for (const other of order) {
      this.take({ kind: 'meet', winner: first, loser: other, merges: true })
      this.merged(first, other)
    }
    const { unmerged } = this.sides[first]
    if (unmerged) {
      const side = this.sides[first]
      this.put(first, decided(side, first, decideMerge(side.state, unmerged), this.clock(first)))
    }
    return this.sides[first].state
  }

  clock(name: Name): number {
    return this.now + this.ahead[name]
  }

  private put(name: Name, side: Side): this {
    this.sides = { ...this.sides, [name]: side }
    return this
  }

  private carriedOut(side: Side, name: Name, one: Command): Side {
    const outcome = decide(side.state, one, { now: this.clock(name), ids })
    if (outcome.status === 'refused') return side
    const after = decided(side, name, outcome.events, this.clock(name))
    for (const event of outcome.events) this.note(event, after.state)
    return after
  }

  private note(event: Event, { stamps = {}, retired = {} }: State): void {
    const wrote = (key: string, fields: readonly string[]): void => {
      const known = stamps[key]
      if (known)
        for (const field of fields)
          this.writes.push({ key, field, stamp: fieldStamp(known, field), made: known.created })
    }
    switch (event.type) {
      case 'MetaInstanceCreated':
        if (event.metaInstance.onRequest === undefined) this.made.add(event.metaInstance.metaInstanceId)
        return
      case 'ApiKeyCreated':
        this.made.add(event.apiKey.apiKeyId)
        return
      case 'MetaInstanceUpdated':
        if (event.changes.onRequest === null) this.kept.add(event.metaInstanceId)
        return wrote(stampKey('metaInstance', event.metaInstanceId), Object.keys(event.changes))
      case 'ApiKeyUpdated':
        return wrote(stampKey('apiKey', event.apiKeyId), Object.keys(event.changes))
      case 'MemberUpdated':
        return wrote(stampKey('member', event.nodeId), event.drained === undefined ? ['friendlyName'] : ['drained'])
      case 'SettingChanged':
        return wrote(SETTINGS_KEY, [event.change.key])
      case 'MetaInstanceDeleted':
        this.deleted.add(event.metaInstanceId)
        return
      case 'ApiKeyRevoked':
        this.deleted.add(event.apiKeyId)
        return
      case 'MemberRemoved':
      case 'MemberAdmitted': {
        const { nodeId } = event
        const made = stamps[stampKey('member', nodeId)]?.created.at
        this.memberships.push({ nodeId, at: made ?? retired[nodeId] ?? 0, isIn: event.type === 'MemberAdmitted' })
        return
      }
      default:
        return
    }
  }
}

/**
 * Histories also of a single kind of entity, as writes then collide more often. And with more meetings than commands:
 * sides then separate from a third one before their kept declarations are merged.
 */
const history = fc
  .oneof(
    ...[onDeclarations, onMembers, onKeysAndSettings, fc.oneof(onDeclarations, onMembers)].map((one) => stepsOf(one)),
    ...[onDeclarations, onKeysAndSettings].map((one) => stepsOf(one, 3)),
  )
  .map((steps) => ({ steps, play: () => steps.reduce((played, next) => played.take(next), new History()) }))
const RUNS = { numRuns: Number(process.env['RUNS'] ?? 400), seed: Number(process.env['SEED'] ?? 18) }

/** Whether an id was deleted and created again anywhere; ids drawn by commands are not. */
const isMadeAgain = ({ deleted, sides }: History): boolean =>
  NODES.some((name) => sides[name].log.some(({ event }) => isMaking(event, deleted)))
const isMaking = (event: Event, deleted: ReadonlySet<string>): boolean =>
  (event.type === 'MetaInstanceCreated' && deleted.has(event.metaInstance.metaInstanceId)) ||
  (event.type === 'ApiKeyCreated' && deleted.has(event.apiKey.apiKeyId))

describe('the declarations of machines that were separated, after any history', () => {
  it('merge to the same result in any order, and a repeated merge changes nothing', () => {
    fc.assert(
      fc.property(history, ({ play }) => {
        const { sides } = play()
        const [a, b, c] = NODES.map((name) => declaredOf(sides[name].state))
        if (!a || !b || !c) throw new Error('three sides')
        expect(merge(a, b)).toEqual(merge(b, a))
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)))
        const [own, once] = [merge(a, a), merge(a, b)]
        expect(merge(own, own)).toEqual(own)
        expect(merge(once, b)).toEqual(once)
      }),
      RUNS,
    )
  })

  it('are equal at rest, whichever machine leads and in whatever order they meet', () => {
    const atRest = (state: State) => {
      const { metaInstances, members, apiKeys, settings } = declaredOf(state)
      return {
        // Temporary declarations belong to each side; equal names get their numbers in the order of the meetings.
        metaInstances: Object.values(metaInstances)
          .flatMap(({ value: { name: _name, createdAt: _at, ...value } }) => (value.onRequest ? [] : [value]))
          .sort((one, other) => (one.metaInstanceId < other.metaInstanceId ? -1 : 1)),
        members: Object.fromEntries(
          Object.entries(members).map(
            ([
              id,
              {
                value: { admittedAt: _at, ...value },
              },
            ]) => [id, value],
          ),
        ),
        apiKeys: Object.fromEntries(
          Object.entries(apiKeys).map(
            ([
              id,
              {
                value: { createdAt: _at, ...value },
              },
            ]) => [id, value],
          ),
        ),
        settings: settings?.value,
      }
    }
    fc.assert(
      fc.property(history, fc.shuffledSubarray([...NODES], { minLength: 3 }), ({ play }, order) => {
        const [first = 'a', ...others] = order
        fc.pre(!isMadeAgain(play()))
        expect(atRest(play().atRest(first, others))).toEqual(atRest(play().atRest('a', ['b', 'c'])))
      }),
      RUNS,
    )
  })

  it('have the newest write of every field at rest, and no acknowledged removal is undone', () => {
    fc.assert(
      fc.property(history, by, ({ play }, first) => {
        const played = play()
        fc.pre(!isMadeAgain(played))
        const {
          stamps = {},
          metaInstances,
          apiKeys,
          members,
        } = played.atRest(
          first,
          NODES.filter((name) => name !== first),
        )
        for (const { key, field, stamp, made } of played.writes) {
          const known = stamps[key]
          // A machine that was removed and admitted again counts as another entity.
          const isAnother = key.startsWith('member ') && known && compareStamps(known.created, made) !== 0
          if (!known || isAnother || key === stampKey('metaInstance', 'd4')) continue
          expect(compareStamps(fieldStamp(known, field), stamp)).toBeGreaterThanOrEqual(0)
        }
        for (const id of [...played.kept, ...played.made])
          if (!played.deleted.has(id)) expect({ ...metaInstances, ...apiKeys }).toHaveProperty(id)
        for (const id of played.deleted) expect({ ...metaInstances, ...apiKeys }).not.toHaveProperty(id)
        for (const id of ['x', 'y']) {
          const said = played.memberships.filter((one) => one.nodeId === NodeId.parse(id))
          const latest = Math.max(...said.map(({ at }) => at))
          const last = said.filter(({ at }) => at === latest)
          if (last.length > 0) expect(id in members).toBe(last.every(({ isIn }) => isIn))
        }
      }),
      RUNS,
    )
  })

  it('have unique names', () => {
    fc.assert(
      fc.property(history, ({ play }) => {
        const { metaInstances } = play().atRest('a', ['b', 'c'])
        const names = Object.values(metaInstances).flatMap(({ name }) =>
          name === undefined ? [] : [name.toLowerCase()],
        )
        expect(new Set(names).size).toBe(names.length)
      }),
      RUNS,
    )
  })

  it('change nothing when they are merged a second time', () => {
    fc.assert(
      fc.property(history, ({ play }) => {
        const { sides } = play()
        const unmerged = sides.b.unmerged ?? givenUp(sides.a, sides.b).unmerged
        if (!unmerged) return
        const once = decided(sides.a, 'a', decideMerge(sides.a.state, unmerged), START)
        expect(decideMerge(once.state, unmerged)).toEqual([])
      }),
      RUNS,
    )
  })
})
