import { PlacementSpace } from '@core/placement/space'
import { plainFit } from './fit'
import { applied, initialState, type FitAnswer, type FitQuestion } from './fits-protocol'

/**
 * Computes placements off the main thread: with a hundred machines a search takes longer than a frame. Keeps the state
 * from earlier messages; a newer question cancels the previous one.
 */
let state = initialState()
let latest = 0

const answer = async ({ version, cards }: FitQuestion): Promise<void> => {
  const space = new PlacementSpace(state)
  for (const card of cards) {
    if (version !== latest) return
    const found: FitAnswer = { version, modelId: card.modelId, fit: plainFit(space, card) }
    postMessage(found)
    // Yields, so that a newer question can arrive.
    await new Promise((resolve) => setTimeout(resolve))
  }
}

addEventListener('message', ({ data }: MessageEvent<FitQuestion>) => {
  state = applied(state, data.changes)
  latest = data.version
  void answer(data)
})
