import { expect, it } from 'vitest'
import { RankWakes } from './rank-wakes'

const begun = () => {
  let now = 0
  const sent: number[] = []
  const wakes = new RankWakes({ send: (epoch) => sent.push(epoch), now: () => now })
  wakes.begin(3)
  const heartbeat = (steps: number): void => {
    now += 1000
    wakes.heartbeat({ steps })
  }
  return { sent, wakes, heartbeat }
}

it('repeats a wake until rank 0 has computed a step', () => {
  const { sent, heartbeat } = begun()
  heartbeat(7)
  heartbeat(7)
  expect(sent).toEqual([3, 3, 3])
  heartbeat(8)
  heartbeat(8)
  expect(sent).toHaveLength(3)
})

it('repeats nothing after a token', () => {
  const { sent, wakes, heartbeat } = begun()
  wakes.progressed()
  heartbeat(7)
  expect(sent).toEqual([3])
})

it('repeats the latest epoch only, and gives up after a minute', () => {
  const { sent, wakes, heartbeat } = begun()
  heartbeat(7)
  wakes.begin(4)
  for (let time = 0; time < 90; time += 1) heartbeat(9)
  expect(sent.slice(0, 4)).toEqual([3, 3, 4, 4])
  expect(sent).toHaveLength(2 + 60)
})
