import { performance } from 'node:perf_hooks'

/** One streamed answer, as its client saw it. Times in seconds. */
export interface Answer {
  readonly firstToken: number
  readonly total: number
  readonly tokens: number
}

/**
 * Streams one chat completion from any OpenAI-like server and counts its text chunks: both servers send one a token.
 * `fields`: what the request has beside; `onFirstToken` is called when the answer begins.
 */
export const streamChat = async (
  url: string,
  model: string,
  prompt: string,
  maxTokens: number,
  fields: object = {},
  onFirstToken: () => void = () => {},
): Promise<Answer> => {
  const began = performance.now()
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      stream: true,
      temperature: 0,
      max_tokens: maxTokens,
      messages: [{ role: 'user', content: prompt }],
      ...fields,
    }),
  })
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
  let firstToken: number | undefined
  let last = began
  let tokens = 0
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const found = decoder.decode(chunk, { stream: true }).match(/"content": ?"(?!")/g)?.length ?? 0
    if (found === 0) continue
    last = performance.now()
    if (firstToken === undefined) {
      firstToken = (last - began) / 1000
      onFirstToken()
    }
    tokens += found
  }
  return { firstToken: firstToken ?? NaN, total: (last - began) / 1000, tokens }
}

/** Tokens a second after the first one. */
export const speedOf = ({ firstToken, total, tokens }: Answer): number => (tokens - 1) / (total - firstToken)
