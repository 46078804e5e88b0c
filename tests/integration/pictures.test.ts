import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, addTinySeeingModel, TINY, TINY_SEEING } from '../harness/models'
import { png } from '../harness/png'

const [RED, BLUE] = [png(48, 32, [255, 0, 0]), png(48, 32, [0, 0, 255])]
const TOKENS = 12
/** Apart, for Anthropic's client has no name for it any more. */
const GREEDY = { temperature: 0 }
const QUESTION = 'What is it?'

describe('pictures, sent by official clients to the tiny model that reads them', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let openai: OpenAI
  let anthropic: Anthropic
  let ollama: Ollama

  const chat = async (picture: string, model = TINY_SEEING): Promise<string> => {
    const url = `data:image/png;base64,${picture}`
    const completion = await openai.chat.completions.create({
      model,
      temperature: 0,
      max_tokens: TOKENS,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url } },
            { type: 'text', text: QUESTION },
          ],
        },
      ],
    })
    return completion.choices[0]?.message.content ?? ''
  }

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    addTinySeeingModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    const control = new Control(node.url)
    for (const model of [TINY, TINY_SEEING]) {
      const { metaInstanceId } = await control.declare(model)
      await control.until('READY', (state) => {
        const declared = state.metaInstances[metaInstanceId]
        return declared !== undefined && statusOf(state, declared).word === 'READY'
      })
    }
    openai = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 })
    anthropic = new Anthropic({ baseURL: node.url, apiKey: 'none', maxRetries: 0 })
    ollama = new Ollama({ host: node.url })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('are seen in every dialect, and change what is answered', async () => {
    const red = await chat(RED)
    expect(red).toHaveLength(TOKENS)
    expect(await chat(BLUE)).not.toBe(red)
    const message = await anthropic.messages.create({
      ...GREEDY,
      model: TINY_SEEING,
      max_tokens: TOKENS,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: RED } },
            { type: 'text', text: QUESTION },
          ],
        },
      ],
    })
    expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: red })])
    const { message: said } = await ollama.chat({
      model: TINY_SEEING,
      messages: [{ role: 'user', content: QUESTION, images: [RED] }],
      options: { temperature: 0, num_predict: TOKENS },
    })
    expect(said.content).toBe(red)
    const response = await openai.responses.create({
      model: TINY_SEEING,
      temperature: 0,
      max_output_tokens: 16,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: `data:image/png;base64,${RED}`, detail: 'auto' },
            { type: 'input_text', text: QUESTION },
          ],
        },
      ],
    })
    expect(response.output_text.startsWith(red)).toBe(true)
  })

  it('are told of by lists of models', async () => {
    const listed = (await openai.models.list()).data as (OpenAI.Model & { muster: { vision?: boolean } })[]
    const seeing = listed.filter(({ muster }) => muster.vision).map(({ id }) => id)
    expect(seeing).toEqual([TINY_SEEING])
    expect((await ollama.show({ model: TINY_SEEING })).capabilities).toContain('vision')
    expect((await ollama.show({ model: TINY })).capabilities).not.toContain('vision')
  })

  it('are refused by a model of text, which names one that reads them, and where they are none', async () => {
    await expect(chat(RED, TINY)).rejects.toThrow(`400 ${TINY} reads text only. These read pictures: ${TINY_SEEING}`)
    await expect(chat(Buffer.from('nonsense').toString('base64'))).rejects.toThrow('the picture cannot be read as PNG')
    const address = { role: 'user' as const, content: [{ type: 'image_url' as const, image_url: { url: node.url } }] }
    const elsewhere = openai.chat.completions.create({ model: TINY_SEEING, messages: [address] })
    await expect(elsewhere).rejects.toThrow('no address is fetched')
    expect(await chat(RED)).toHaveLength(TOKENS)
  })
})
