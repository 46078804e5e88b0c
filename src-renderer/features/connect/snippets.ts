/** How to ask this node from elsewhere. */
export interface Snippet {
  readonly title: string
  readonly text: string
}

const QUESTION = 'What is the capital of France?'

/** One word for a POSIX shell, whatever is in it. */
const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** What clients of the node need besides its address. */
export interface SnippetOptions {
  readonly url: string
  readonly model: string
  /** Stands where a key belongs; undefined where none is asked for. */
  readonly key: string | undefined
}

/** Ready to be pasted: the address and a model that is declared are in them, quoted as each language wants it. */
export const snippetsFor = ({ url, model, key }: SnippetOptions): Snippet[] => [
  {
    title: 'curl',
    text: [
      `curl ${url}/v1/chat/completions \\`,
      ...(key === undefined ? [] : [`  -H ${shellWord(`authorization: Bearer ${key}`)} \\`]),
      `  -H 'content-type: application/json' \\`,
      `  -d ${shellWord(JSON.stringify({ model, messages: [{ role: 'user', content: QUESTION }] }))}`,
    ].join('\n'),
  },
  {
    title: 'Python (openai)',
    text: [
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url=${JSON.stringify(`${url}/v1`)}, api_key=${JSON.stringify(key ?? 'none')})`,
      'answer = client.chat.completions.create(',
      `    model=${JSON.stringify(model)},`,
      `    messages=[{"role": "user", "content": ${JSON.stringify(QUESTION)}}],`,
      ')',
      'print(answer.choices[0].message.content)',
    ].join('\n'),
  },
  {
    title: 'JavaScript (openai)',
    text: [
      `import OpenAI from 'openai'`,
      '',
      `const client = new OpenAI({ baseURL: ${JSON.stringify(`${url}/v1`)}, apiKey: ${JSON.stringify(key ?? 'none')} })`,
      'const answer = await client.chat.completions.create({',
      `  model: ${JSON.stringify(model)},`,
      `  messages: [{ role: 'user', content: ${JSON.stringify(QUESTION)} }],`,
      '})',
      'console.log(answer.choices[0].message.content)',
    ].join('\n'),
  },
]

/** Whether the node takes requests from its own machine alone; those need no key. */
export const isLocal = (url: string): boolean => {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
