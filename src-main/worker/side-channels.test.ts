import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Event, Observation } from '@core/events/event'
import type { Instance } from '@core/state/instances'
import { rdmaWorld } from '@core/testing/rdma-world'
import type { World } from '@core/testing/world'
import { SideChannels } from './side-channels'

let world: World
let channels: SideChannels
let sent: Observation[]
let now: number
const answer = vi.fn()
const fail = vi.fn()

const instance = (): Instance => {
  const [found] = Object.values(world.state.instances)
  if (!found) throw new Error('not placed')
  return found
}
const rank = (number: number) => {
  const shard = instance().shards[number]
  if (!shard) throw new Error(`no rank ${number}`)
  return { instanceId: instance().instanceId, runnerId: shard.runnerId, nodeId: shard.nodeId }
}
const part = (number: number, text: string): Event => {
  const { instanceId, runnerId } = rank(number)
  const data = Buffer.from(text).toString('base64')
  return { type: 'JacclSideChannelData', instanceId, runnerId, sequence: 0, data }
}
const round = (...texts: string[]): Event => {
  const gathered = texts.map((text, at) => [rank(at).runnerId, Buffer.from(text).toString('base64')])
  const { instanceId } = instance()
  return { type: 'JacclSideChannelGathered', instanceId, sequence: 0, gathered: Object.fromEntries(gathered) }
}

beforeEach(() => {
  world = rdmaWorld(['Mac mini', 'Mac Studio', 'MacBook Pro'])
  sent = []
  now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  channels = new SideChannels({ state: () => world.state, observe: (event) => sent.push(event) })
  channels.open(rank(0), { answer, fail })
})
afterEach(() => {
  vi.restoreAllMocks()
  answer.mockClear()
  fail.mockClear()
})

describe('a runner’s side channel', () => {
  it('sends its part at once, and returns the parts of all ranks in rank order', () => {
    channels.ask(rank(0).runnerId, Buffer.from('one'))
    expect(sent).toEqual([part(0, 'one')])
    channels.take(round('one', 'two', 'six'))
    expect(answer).toHaveBeenCalledExactlyOnceWith([Buffer.from('one'), Buffer.from('two'), Buffer.from('six')])
  })

  it('repeats its part until the result arrives, and at once for a new leader', () => {
    channels.ask(rank(0).runnerId, Buffer.from('one'))
    now = 600
    channels.tick()
    channels.repeatAll()
    expect(sent).toEqual([part(0, 'one'), part(0, 'one'), part(0, 'one')])
  })

  it('fails the runner after 60 s, with the names of the machines that did not answer', () => {
    channels.ask(rank(0).runnerId, Buffer.from('one'))
    channels.take(part(1, 'two'))
    now = 59_999
    channels.tick()
    expect(fail).not.toHaveBeenCalled()
    now = 60_000
    channels.tick()
    expect(fail).toHaveBeenCalledExactlyOnceWith(
      `no answer from ${rank(2).nodeId} for 60 s while the machines were joined by RDMA`,
    )
    channels.take(round('one', 'two', 'six'))
    expect(answer).not.toHaveBeenCalled()
  })

  it('is silent once its runner is gone', () => {
    channels.ask(rank(0).runnerId, Buffer.from('one'))
    channels.close(rank(0).runnerId)
    channels.repeatAll()
    channels.take(round('one', 'two', 'six'))
    now = 100_000
    channels.tick()
    expect(sent).toHaveLength(1)
    expect(answer).not.toHaveBeenCalled()
    expect(fail).not.toHaveBeenCalled()
  })
})
