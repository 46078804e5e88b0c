import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeApi, FakeStream, json } from '../../testing/fake-api'
import { Conversation, messagesOf } from './conversation.svelte'

const delta = (content: string) => ({ choices: [{ delta: { content }, finish_reason: null }] })
const end = (reason = 'stop') => ({ choices: [{ delta: {}, finish_reason: reason }] })
const usage = (tokens: number) => ({ choices: [], usage: { completion_tokens: tokens } })

describe('a conversation', () => {
  beforeEach(() => {
    localStorage.clear()
    vi.useFakeTimers()
  })
  afterEach(() => vi.useRealTimers())

  const settled = () => vi.advanceTimersByTimeAsync(0)

  it('shows the answer while it is written, and its figures when it is done', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Why?')
    expect(conversation).toMatchObject({ busy: true, writing: '', turns: [{ role: 'user', text: 'Why?' }] })
    await vi.advanceTimersByTimeAsync(200)
    stream.send(delta('Be'))
    await settled()
    expect(conversation.writing).toBe('Be')
    await vi.advanceTimersByTimeAsync(500)
    for (const data of [delta('cause'), end(), usage(11), '[DONE]']) stream.send(data)
    await sent
    expect(conversation.busy).toBe(false)
    expect(conversation.turns[1]).toEqual({
      role: 'assistant',
      text: 'Because',
      tokens: 11,
      firstTokenMs: 200,
      tokensPerSecond: 20,
    })
  })

  it('is there again after the page was opened anew, and the model gets all of it', async () => {
    const stream = new FakeStream()
    const first = new Conversation(new FakeApi().next(stream.response))
    const sent = first.send('chat', 'Hello')
    for (const data of [delta('Hi'), end(), '[DONE]']) stream.send(data)
    await sent
    const api = new FakeApi()
    await new Conversation(api).send('chat', 'And now?')
    expect(api.asked[0]?.json).toMatchObject({
      model: 'chat',
      stream: true,
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi' },
        { role: 'user', content: 'And now?' },
      ],
    })
  })

  it('stops where it is when it is told to, and that is no problem', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Count.')
    stream.send(delta('1 2'))
    await settled()
    conversation.cancel()
    stream.fail()
    await sent
    expect(conversation.turns.at(-1)).toEqual({ role: 'assistant', text: '1 2', cut: 'stopped' })
    expect(conversation.problem).toBeUndefined()
    expect(conversation.unanswered).toBe(false)
  })

  it.each([
    ['the node refuses', () => json({ error: { code: 'model_unavailable', message: 'chat is not ready' } }, 503)],
    ['the node is away', undefined],
  ] as const)('keeps the question when %s, to be asked again', async (_what, answer) => {
    const api = new FakeApi(answer)
    const conversation = new Conversation(api)
    await conversation.send('chat', 'Hello')
    expect(conversation.problem).toMatchObject({ name: 'ApiError' })
    expect(conversation).toMatchObject({ unanswered: true, turns: [{ role: 'user', text: 'Hello' }] })

    const stream = new FakeStream()
    api.next(stream.response)
    const again = conversation.retry('chat')
    for (const data of [delta('Hi'), end(), '[DONE]']) stream.send(data)
    await again
    expect(conversation).toMatchObject({ unanswered: false, problem: undefined })
    expect(conversation.turns.map(({ text }) => text)).toEqual(['Hello', 'Hi'])
  })

  it('keeps what had come when an answer fails on its way, with the reason', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Hello')
    stream.send(delta('Hi th'))
    stream.send({ error: { message: 'out of memory', code: 'runner_failed' } })
    await sent
    expect(conversation.turns.at(-1)).toEqual({ role: 'assistant', text: 'Hi th', cut: 'failed' })
    expect(conversation.problem).toMatchObject({ code: 'runner_failed', message: 'out of memory' })
    expect(conversation.unanswered).toBe(true)
  })

  it('takes an answer that ends without an end for broken off', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Hello')
    stream.send(delta('Hi'))
    stream.end()
    await sent
    expect(conversation.problem).toMatchObject({ code: 'ended_early' })
  })

  it('says so when the model had nothing to say', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Hello')
    for (const data of [end(), '[DONE]']) stream.send(data)
    await sent
    expect(conversation.problem).toMatchObject({ code: 'empty_answer' })
  })

  it('marks an answer that was cut off by its length', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Hello')
    for (const data of [delta('Once'), end('length'), '[DONE]']) stream.send(data)
    await sent
    expect(conversation.turns.at(-1)).toMatchObject({ cut: 'length' })
  })

  it('that is cleared while an answer comes stays empty', async () => {
    const stream = new FakeStream()
    const conversation = new Conversation(new FakeApi().next(stream.response))
    const sent = conversation.send('chat', 'Hello')
    stream.send(delta('Hi'))
    await settled()
    conversation.clear()
    stream.fail()
    await sent
    expect(conversation).toMatchObject({ turns: [], busy: false })
  })

  it('sends no two questions in a row, since chat templates want roles to take turns', () => {
    const turns = [
      { role: 'user', text: 'lost' },
      { role: 'user', text: 'Hello' },
      { role: 'assistant', text: 'Hi' },
      { role: 'user', text: 'Bye' },
    ] as const
    expect(messagesOf(turns).map(({ content }) => content)).toEqual(['Hello', 'Hi', 'Bye'])
  })
})
