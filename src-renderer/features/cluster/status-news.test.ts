import { expect, it } from 'vitest'
import { readyWorld } from '@core/testing/world'
import { statusNews, wordsOf } from './status-news'

it('tells in the words of the cards which declarations are different, and nothing where none is', () => {
  const { world, id } = readyWorld()
  const ready = wordsOf(world.state)
  world.fail(id)
  world.reconcile()
  const retrying = wordsOf(world.state)
  expect(statusNews(ready, ready)).toBe('')
  expect(statusNews(ready, retrying)).toBe('small: Retrying (1/3).')
  // One that was just declared shows itself.
  expect(statusNews({}, retrying)).toBe('')
})
