import { expect, it } from 'vitest'
import { readyWorld } from '@core/testing/world'
import { statusNews, wordsOf } from './status-news'

it('announces changed declarations in the words of the cards, and nothing if none has changed', () => {
  const { world, id } = readyWorld()
  const ready = wordsOf(world.state)
  world.fail(id)
  world.reconcile()
  const retrying = wordsOf(world.state)
  expect(statusNews(ready, ready)).toBe('')
  expect(statusNews(ready, retrying)).toBe('small: Retrying (1/3).')
  // A new declaration is not announced: its card appears anyway.
  expect(statusNews({}, retrying)).toBe('')
})
