/**
 * use: node ai-sdk.mjs PACKAGES BASE_URL MODEL: a small agent with one tool, made with the AI SDK. It streams, and
 * prints what the model said in the end.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [packages = '', baseURL = '', model = ''] = process.argv.slice(2)
const { resolve } = createRequire(path.join(packages, 'package.json'))
/** @param {string} name */
const load = (name) => import(pathToFileURL(resolve(name)).href)

const { generateText, jsonSchema, stepCountIs, streamText, tool } = await load('ai')
const { createOpenAICompatible } = await load('@ai-sdk/openai-compatible')
const muster = createOpenAICompatible({ name: 'muster', baseURL })

const read = tool({
  description: 'Reads a file.',
  inputSchema: jsonSchema({ type: 'object', properties: { file: { type: 'string' } }, required: ['file'] }),
  execute: (/** @type {{ file: string }} */ { file }) => readFile(file, 'utf8'),
})
const task = {
  model: muster(model),
  tools: { read },
  stopWhen: stepCountIs(3),
  prompt: 'Read note.txt.',
  maxRetries: 0,
}
const whole = await generateText(task)
const streamed = await streamText(task).text
if (whole.text !== streamed) throw new Error(`streamed: ${streamed}; whole: ${whole.text}`)

const refused = await generateText({ ...task, model: muster('nobody/nothing') }).catch(
  (/** @type {unknown} */ error) => error,
)
if (refused?.statusCode !== 404) throw new Error(`no refusal: ${refused}`)
console.log(streamed)
