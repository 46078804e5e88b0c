import { describe, expect, it } from 'vitest'
import type { GenerationUpdate } from '@core/generation/stream'
import { UpdateQueue } from './update-queue'

const delta = (text: string): GenerationUpdate => ({ type: 'delta', content: [{ channel: 'text', text }], tokens: 1 })
const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 2 }
const finished: GenerationUpdate = { type: 'finished', reason: 'stop', usage }

const counting = (): { queue: UpdateQueue; cancels: () => number } => {
  let count = 0
  return { queue: new UpdateQueue(() => (count += 1)), cancels: () => count }
}

const read = async (queue: UpdateQueue): Promise<GenerationUpdate[]> => {
  const updates: GenerationUpdate[] = []
  for await (const update of queue) updates.push(update)
  return updates
}

describe('the queue between a runner and a client', () => {
  it('hands everything on in order, whether it came before or while it was read, and then ends', async () => {
    const { queue, cancels } = counting()
    queue.push(delta('a'))
    const reading = read(queue)
    queue.push(delta('b'))
    await Promise.resolve()
    queue.push(finished)
    queue.push(delta('too late'))
    expect(await reading).toEqual([delta('a'), delta('b'), finished])
    expect(cancels()).toBe(0)
  })

  it('cancels the request of a client that does not read, and says so when it does', async () => {
    const { queue, cancels } = counting()
    for (let count = 0; count < 25_000; count += 1) queue.push(delta('x'))
    expect(cancels()).toBe(1)
    const updates = await read(queue)
    expect(updates.length).toBeLessThan(25_000)
    expect(updates.at(-1)).toMatchObject({ type: 'failed' })
  })

  it('cancels the request of a client that leaves before the end', async () => {
    const { queue, cancels } = counting()
    queue.push(delta('a'))
    for await (const update of queue) {
      expect(update).toEqual(delta('a'))
      break
    }
    expect(cancels()).toBe(1)
  })
})
