import { plainFit } from './fit'
import { applied, initialState, spaceOf, type FitAnswer, type FitQuestion } from './fits-protocol'

/**
 * Computes placements off the main thread: with a hundred machines a search takes longer than a frame. Keeps the state
 * from earlier messages; a newer question cancels the previous one.
 */
let state = initialState()
let latest = 0

const answer = async (question: FitQuestion): Promise<void> => {
  const { version, cards } = question
  const space = spaceOf(state, question)
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
