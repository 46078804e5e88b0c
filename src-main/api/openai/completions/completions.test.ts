import { describe, expect, it } from 'vitest'
import { parseWith } from '../../body'
import { Problem } from '../../problem'
import { toCompletion } from './completion'
import { CompletionRequest } from './schema'
import { toRequests } from './translate'

const wanted = (fields: object) => toRequests(parseWith(CompletionRequest, { model: 'm', prompt: 'Once', ...fields }))
const refusal = (fields: object): string => {
  try {
    wanted(fields)
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'accepted'
}

describe('a completion request', () => {
  it('asks for the choices of each prompt in turn, each with a seed of its own', () => {
    const requests = wanted({ prompt: ['a', 'b'], n: 2, seed: 7 }).map(({ request }) => request)
    expect(requests.map(({ prompt, sampling }) => [prompt, sampling.seed])).toEqual([
      [{ kind: 'text', text: 'a' }, 7],
      [{ kind: 'text', text: 'a' }, 8],
      [{ kind: 'text', text: 'b' }, 7],
      [{ kind: 'text', text: 'b' }, 8],
    ])
  })

  it.each([
    [{ prompt: [1, 2] }, [[1, 2]]],
    [{ prompt: [[1, 2], [3]] }, [[1, 2], [3]]],
  ])('may give prompts as token numbers: %j', (fields, tokens) => {
    expect(wanted(fields).map(({ request }) => request.prompt)).toEqual(
      tokens.map((of) => ({ kind: 'tokens', tokens: of })),
    )
  })

  it('may give so many prompts, and hears how many where it gives more', () => {
    expect(wanted({ prompt: Array.from({ length: 64 }, () => 'a') })).toHaveLength(64)
    for (const one of ['a', [1]])
      expect(refusal({ prompt: Array.from({ length: 65 }, () => one) })).toContain('a list of 1 to 64 ')
  })

  it.each([
    [{}, 16],
    [{ max_tokens: 3 }, 3],
    [{ max_tokens: -1 }, undefined],
  ])('has OpenAI’s limit where none is given: %j', (fields, limit) => {
    expect(wanted(fields)[0]?.request.maxTokens).toBe(limit)
  })

  it.each([
    ['texts and token numbers', { prompt: ['a', 1] }, 'prompt'],
    ['a token number below 0', { prompt: [1, -2] }, 'prompt'],
    ['no tokens', { prompt: [[]] }, 'prompt'],
    [
      'token numbers that are to be told again',
      { prompt: [1, 2], echo: true },
      'echo: not supported with token numbers',
    ],
    ['a suffix', { suffix: 'The end' }, 'suffix is not supported'],
    ['a best of several', { best_of: 3 }, 'best_of: not supported'],
    ['log probabilities of the prompt', { echo: true, logprobs: 1 }, 'logprobs: not supported with echo'],
    ['too many answers', { prompt: Array(64).fill('a'), n: 3 }, 'over 128 answers'],
  ])('with %s is refused by name', (_what, fields, says) => {
    expect(refusal(fields)).toContain(says)
  })

  it.each([{ suffix: null }, { suffix: '' }, { best_of: 1 }, { n: 2, best_of: 2 }, { echo: false, logprobs: 0 }])(
    'is accepted with what changes nothing: %j',
    (fields) => {
      expect(refusal(fields)).toBe('accepted')
    },
  )
})

describe('a completion', () => {
  it('begins with its prompt where that was asked for, and lists log probabilities by their place in the text', () => {
    const entry = (token: string) => ({ token, logprob: -1, top: [{ token, logprob: -1 }] })
    const answer = {
      text: ' upon a',
      reasoning: '',
      toolCalls: [],
      logprobs: [entry(' upon'), entry(' a')],
      end: {
        type: 'finished' as const,
        reason: 'length' as const,
        usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 2 },
      },
    }
    expect(toCompletion({ id: 'cmpl-1', created: 1, model: 'm' }, [{ answer, echo: 'Once' }], 1)).toMatchObject({
      object: 'text_completion',
      choices: [
        {
          index: 0,
          text: 'Once upon a',
          finish_reason: 'length',
          logprobs: {
            tokens: [' upon', ' a'],
            token_logprobs: [-1, -1],
            top_logprobs: [{ ' upon': -1 }, { ' a': -1 }],
            text_offset: [4, 9],
          },
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    })
  })
})
