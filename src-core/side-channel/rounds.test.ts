import { beforeEach, describe, expect, it } from 'vitest'
import type { Event } from '../events/event'
import { InstanceId, RunnerId } from '../ids'
import { rdmaWorld } from '../testing/rdma-world'
import type { World } from '../testing/world'
import { ROUND_LIMIT_MS, Rounds, RESEND_MS } from './rounds'

const NOBODY = RunnerId.parse('nobody')

let world: World
let instanceId: InstanceId
let runnerIds: RunnerId[]
let rounds: Rounds

beforeEach(() => {
  world = rdmaWorld(['Mac mini', 'Mac Studio', 'MacBook Pro'])
  const instance = Object.values(world.state.instances)[0]
  if (!instance) throw new Error('not placed')
  instanceId = instance.instanceId
  runnerIds = instance.shards.map(({ runnerId }) => runnerId)
  rounds = new Rounds({ instanceId, runnerId: runnerIds[0] ?? NOBODY })
})

const nameOf = (rank: number): string => {
  const nodeId = Object.values(world.state.instances)[0]?.shards[rank]?.nodeId
  return nodeId ?? ''
}

const part = (rank: number, sequence: number, data: string): Event => ({
  type: 'JacclSideChannelData',
  instanceId,
  runnerId: runnerIds[rank] ?? NOBODY,
  sequence,
  data,
})

const gathered = (sequence: number, parts: readonly string[]): Event => ({
  type: 'JacclSideChannelGathered',
  instanceId,
  sequence,
  gathered: Object.fromEntries(runnerIds.map((runnerId, rank) => [runnerId, parts[rank] ?? ''])),
})

/** Base64 of `count` bytes. */
const bytes = (count: number, fill = 1): string => Buffer.alloc(count, fill).toString('base64')

describe('a rank’s rounds', () => {
  it('are numbered in the order in which they start', () => {
    expect(rounds.ask('AAAA', 0)).toEqual([part(0, 0, 'AAAA')])
    expect(rounds.take(world.state, gathered(0, ['AAAA', 'BBBB', 'CCCC']))).toEqual({
      kind: 'gathered',
      parts: ['AAAA', 'BBBB', 'CCCC'],
    })
    expect(rounds.ask('DDDD', 0)).toEqual([part(0, 1, 'DDDD')])
  })

  it('are resent at an interval until they are gathered', () => {
    rounds.ask('AAAA', 0)
    expect(rounds.tick(world.state, RESEND_MS - 1).send).toEqual([])
    expect(rounds.tick(world.state, RESEND_MS).send).toEqual([part(0, 0, 'AAAA')])
    expect(rounds.tick(world.state, RESEND_MS + 1).send).toEqual([])
  })

  it('are resent while another rank may lack them, and then no more', () => {
    rounds.ask('AAAA', 0)
    rounds.take(world.state, gathered(0, ['AAAA', 'BBBB', 'CCCC']))
    const [, second = NOBODY, third = NOBODY] = runnerIds
    world.apply({ type: 'RunnerStatusUpdated', runnerId: second, status: 'Loading', layersLoaded: 0, layers: 1 })
    world.apply({ type: 'RunnerStatusUpdated', runnerId: third, status: 'Connecting' })
    expect(rounds.tick(world.state, RESEND_MS).send).toEqual([part(0, 0, 'AAAA')])
    world.apply({ type: 'RunnerStatusUpdated', runnerId: third, status: 'Loading', layersLoaded: 0, layers: 1 })
    expect(rounds.tick(world.state, 2 * RESEND_MS).send).toEqual([])
    expect(rounds.resend(3 * RESEND_MS)).toEqual([])
  })

  it('are resent at once after a change of master, with the previous one, which others may lack', () => {
    rounds.ask('AAAA', 0)
    expect(rounds.resend(1)).toEqual([part(0, 0, 'AAAA')])
    rounds.take(world.state, gathered(0, ['AAAA', 'BBBB', 'CCCC']))
    expect(rounds.resend(2)).toEqual([part(0, 0, 'AAAA')])
    rounds.ask('DDDD', 3)
    expect(rounds.resend(4)).toEqual([part(0, 0, 'AAAA'), part(0, 1, 'DDDD')])
  })

  it.each([
    ['another instance', () => ({ ...gathered(0, ['AAAA', 'BBBB', 'CCCC']), instanceId: InstanceId.parse('other') })],
    ['an earlier round', () => gathered(0, ['AAAA', 'BBBB', 'CCCC'])],
    ['a round that this rank has not asked for', () => gathered(2, ['AAAA', 'BBBB', 'CCCC'])],
    ['a round in which its own part is another', () => gathered(1, ['ZZZZ', 'BBBB', 'CCCC'])],
    ['runners of an earlier attempt', () => ({ ...gathered(1, []), gathered: { nobody: 'DDDD', nothing: 'BBBB' } })],
  ] as const)('are not answered by %s', (_what, event) => {
    rounds.ask('AAAA', 0)
    rounds.take(world.state, gathered(0, ['AAAA', 'BBBB', 'CCCC']))
    rounds.ask('DDDD', 0)
    expect(rounds.take(world.state, event())).toBeUndefined()
    expect(rounds.isWaiting).toBe(true)
  })

  it('of uneven sizes are refused with what each machine gave', () => {
    rounds.ask(bytes(4), 0)
    expect(rounds.take(world.state, gathered(0, [bytes(4), bytes(4), bytes(32)]))).toEqual({
      kind: 'failed',
      reason: `the machines do not agree how they are joined by RDMA: ${nameOf(0)} 4 bytes, ${nameOf(1)} 4 bytes, ${nameOf(2)} 32 bytes in one round; do all run the same MLX?`,
    })
    expect(rounds.resend(1)).toEqual([])
  })

  it('of parts with equal but odd sizes are accepted', () => {
    for (const count of [0, 1, 2, 3, 4, 5, 33]) {
      const parts = [bytes(count, 1), bytes(count, 2), bytes(count, 3)]
      const sequence = [0, 1, 2, 3, 4, 5, 33].indexOf(count)
      rounds.ask(bytes(count, 1), 0)
      expect(rounds.take(world.state, gathered(sequence, parts))).toEqual({ kind: 'gathered', parts })
    }
  })
})

describe('a round that is not complete within 60 s', () => {
  it('fails with the machines that did not answer', () => {
    rounds.ask('AAAA', 1000)
    rounds.take(world.state, part(1, 0, 'BBBB'))
    expect(rounds.tick(world.state, 1000 + ROUND_LIMIT_MS - 1).outcome).toBeUndefined()
    expect(rounds.tick(world.state, 1000 + ROUND_LIMIT_MS)).toEqual({
      send: [],
      outcome: {
        kind: 'failed',
        reason: `no answer from ${nameOf(2)} for 60 s while the machines were joined by RDMA`,
      },
    })
    expect(rounds.isWaiting).toBe(false)
  })

  it('does not take the answer to an earlier round for its own', () => {
    for (const rank of [1, 2]) rounds.take(world.state, part(rank, 0, 'AAAA'))
    rounds.ask('AAAA', 0)
    rounds.take(world.state, gathered(0, ['AAAA', 'AAAA', 'AAAA']))
    rounds.ask('BBBB', 0)
    rounds.take(world.state, part(2, 1, 'BBBB'))
    expect(rounds.tick(world.state, ROUND_LIMIT_MS).outcome).toMatchObject({
      reason: expect.stringContaining(`no answer from ${nameOf(1)} for`) as string,
    })
  })

  it('names the master if all ranks answered', () => {
    world.state = { ...world.state, masterNodeId: Object.values(world.state.members)[1]?.nodeId }
    rounds.ask('AAAA', 0)
    for (const rank of [1, 2]) rounds.take(world.state, part(rank, 0, 'AAAA'))
    expect(rounds.tick(world.state, ROUND_LIMIT_MS).outcome).toMatchObject({
      reason: 'all 3 machines answered while they were joined by RDMA, but Mac Studio published no result for 60 s',
    })
  })
})
