import { PlacementSpace } from '@core/placement/space'
import { plainFit } from './fit'
import { applied, nothingKnown, type FitAnswer, type FitQuestion } from './fits-protocol'

/**
 * Finds places for models beside the page: a search among a hundred machines takes longer than a picture may. It knows
 * what it was told; a newer question ends the one before.
 */
let state = nothingKnown()
let latest = 0

const answer = async ({ version, cards }: FitQuestion): Promise<void> => {
  const space = new PlacementSpace(state)
  for (const card of cards) {
    if (version !== latest) return
    const found: FitAnswer = { version, modelId: card.modelId, fit: plainFit(space, card) }
    postMessage(found)
    // Lets a newer question in.
    await new Promise((resolve) => setTimeout(resolve))
  }
}

addEventListener('message', ({ data }: MessageEvent<FitQuestion>) => {
  state = applied(state, data.changes)
  latest = data.version
  void answer(data)
})
