import type { ContentDelta } from '@core/generation/stream'
import type { Delta } from './answer'

const joined = (last: ContentDelta, next: ContentDelta): ContentDelta | undefined => {
  if (last.channel === 'toolCall')
    return next.channel === 'toolCall' && next.index === last.index && next.id === undefined
      ? { ...last, arguments: last.arguments + next.arguments }
      : undefined
  return next.channel === last.channel ? { ...last, text: last.text + next.text } : undefined
}

/** Merges two consecutive deltas into one, for clients that read more slowly than tokens arrive. */
export const mergeDeltas = (first: Delta, second: Delta): Delta => {
  const content = [...first.content]
  for (const next of second.content) {
    const last = content.at(-1)
    const both = last && joined(last, next)
    if (both) content[content.length - 1] = both
    else content.push(next)
  }
  const logprobs = [...(first.logprobs ?? []), ...(second.logprobs ?? [])]
  return {
    type: 'delta',
    content,
    tokens: first.tokens + second.tokens,
    ...(logprobs.length > 0 && { logprobs }),
  }
}
