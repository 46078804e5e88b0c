import { expect, it } from 'vitest'
import { Output } from './output'

it('a whole answer of many tokens has the log probability of each', () => {
  const tokens = Array.from({ length: 200_000 }, () => ({ token: 'a', logprob: -1, bytes: [97], top: [] }))
  const output = new Output(new Set())
  output.add([{ channel: 'text', text: 'a'.repeat(tokens.length) }], tokens)
  const [message] = output.list('completed')
  expect(message?.type === 'message' && message.content[0]?.logprobs).toHaveLength(tokens.length)
})
