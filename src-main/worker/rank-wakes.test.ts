import { expect, it } from 'vitest'
import { RankWakes } from './rank-wakes'

const begun = () => {
  let now = 0
  const sent: number[] = []
  const wakes = new RankWakes({ send: (epoch) => sent.push(epoch), now: () => now })
  wakes.begin(3, { steps: 7 })
  const second = (steps: number): void => {
    now += 1000
    wakes.check({ steps })
  }
  return { sent, wakes, second }
}

it('repeats a wake until rank 0 has computed a step', () => {
  const { sent, second } = begun()
  second(7)
  second(7)
  expect(sent).toEqual([3, 3, 3])
  second(8)
  second(8)
  expect(sent).toHaveLength(3)
})

it('repeats nothing after a token', () => {
  const { sent, wakes, second } = begun()
  wakes.progressed()
  second(7)
  expect(sent).toEqual([3])
})

it('repeats the latest epoch only, and gives up after a minute', () => {
  const { sent, wakes, second } = begun()
  second(7)
  wakes.begin(4, { steps: 7 })
  for (let time = 0; time < 90; time += 1) second(7)
  expect(sent.slice(0, 4)).toEqual([3, 3, 4, 4])
  expect(sent).toHaveLength(2 + 60)
})
