/** How to ask this node from elsewhere. */
export interface Snippet {
  readonly title: string
  readonly text: string
}

const QUESTION = 'What is the capital of France?'

/** Ready to be pasted: the address and a model that is declared are in them. */
export const snippetsFor = (url: string, model: string): Snippet[] => [
  {
    title: 'curl',
    text: [
      `curl ${url}/v1/chat/completions \\`,
      `  -H 'content-type: application/json' \\`,
      `  -d '${JSON.stringify({ model, messages: [{ role: 'user', content: QUESTION }] })}'`,
    ].join('\n'),
  },
  {
    title: 'Python (openai)',
    text: [
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url="${url}/v1", api_key="none")`,
      'answer = client.chat.completions.create(',
      `    model="${model}",`,
      `    messages=[{"role": "user", "content": "${QUESTION}"}],`,
      ')',
      'print(answer.choices[0].message.content)',
    ].join('\n'),
  },
  {
    title: 'JavaScript (openai)',
    text: [
      "import OpenAI from 'openai'",
      '',
      `const client = new OpenAI({ baseURL: '${url}/v1', apiKey: 'none' })`,
      'const answer = await client.chat.completions.create({',
      `  model: '${model}',`,
      `  messages: [{ role: 'user', content: '${QUESTION}' }],`,
      '})',
      'console.log(answer.choices[0].message.content)',
    ].join('\n'),
  },
]
