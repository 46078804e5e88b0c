import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ModelId } from '@core/ids'
import { FakeApi, FakeStream, json } from '../../testing/fake-api'
import { eventually } from '@core/testing/eventually'
import { ChatStore } from './chat-store'
import { Chats } from './chats.svelte'
import type { Partner } from './partners'
import type { Message } from './records'
import type { Thread } from './thread.svelte'

const delta = (content: string) => ({ choices: [{ delta: { content }, finish_reason: null }] })
const end = (reason = 'stop') => ({ choices: [{ delta: {}, finish_reason: reason }] })
const partner = (changes: Partial<Partner> = {}): Partner => ({
  id: 'chat',
  kind: 'declared',
  name: 'small',
  modelId: ModelId.parse('m/small'),
  ready: true,
  paused: false,
  offer: 'chat',
  detail: '',
  metaInstanceId: undefined,
  sees: undefined,
  ...changes,
})

/** The models that can answer; a rune, because the chats track it. */
class Stage {
  partner: Partner | undefined = $state.raw(partner())
}

const opened: Chats[] = []
const open = async (api = new FakeApi(), stage: { readonly partner: Partner | undefined } = { partner: partner() }) => {
  const chats = new Chats({ api, openStore: () => ChatStore.open(), partner: () => stage.partner })
  opened.push(chats)
  await eventually(() => expect(chats.known).toBe(true))
  return chats
}
const answering = (...texts: string[]) => {
  const stream = new FakeStream()
  for (const text of texts) stream.send(delta(text))
  return stream
}
const whole = (text: string) => {
  const stream = answering(text)
  for (const data of [end(), '[DONE]']) stream.send(data)
  return stream
}
const ask = async (chats: Chats, text: string, thread = chats.fresh) => {
  await chats.send(thread, { text, files: [], pictures: [], partner: partner() })
  return thread
}
const idle = (thread: { readonly busy: boolean }) => eventually(() => expect(thread.busy).toBe(false))
/** Waits until the last answer is stored, so that opening the conversation again reads it. */
const kept = (thread: Thread) =>
  eventually(() => {
    expect(thread.busy).toBe(false)
    expect(thread.path.at(-1)?.role).toBe('assistant')
    expect(thread.conversation.leafId).toBe(thread.leafId)
  })
const textsOf = (messages: readonly Message[]) => messages.map((message) => ('text' in message ? message.text : ''))

describe('conversations', () => {
  beforeEach(() => {
    globalThis.indexedDB = new IDBFactory()
  })
  afterEach(() => {
    for (const chats of opened.splice(0)) chats.close()
  })

  it('are stored, and the model gets all messages when they continue after a reload', async () => {
    const first = await open(new FakeApi().next(whole('Hi').response))
    const thread = await ask(first, 'Hello')
    await kept(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'Hi'])
    // An answer is shown before it is stored.
    await eventually(async () => expect(await first.messagesOf(thread.id)).toHaveLength(2))

    const api = new FakeApi().next(whole('Later.').response)
    const again = await open(api)
    expect(again.conversations.all).toMatchObject([{ title: 'Hello', model: { id: 'chat', name: 'small' } }])
    await again.show(thread.id)
    const read = again.thread(thread.id)
    if (!read) throw new Error('it is not there')
    expect(textsOf(read.path)).toEqual(['Hello', 'Hi'])
    await ask(again, 'And now?', read)
    await idle(read)
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

  it('in two tabs lose nothing, and each shows what the other wrote', async () => {
    const [one, other] = [
      await open(new FakeApi().next(whole('1').response)),
      await open(new FakeApi().next(whole('2').response)),
    ]
    const mine = await ask(one, 'first')
    await kept(mine)
    await eventually(() => expect(other.conversations.all).toHaveLength(1))
    await other.show(mine.id)
    const theirs = other.thread(mine.id)
    if (!theirs) throw new Error('it is not there')
    await ask(other, 'second', theirs)
    await one.rename(mine.id, 'Renamed')
    await idle(theirs)
    await eventually(() => expect(textsOf(mine.path)).toEqual(['first', '1', 'second', '2']))
    await eventually(() => expect(other.conversations.all[0]?.title).toBe('Renamed'))
    await other.remove(mine.id)
    await eventually(() => expect(one.conversations.all).toEqual([]))
    expect(one.thread(mine.id)).toBeUndefined()
  })

  it('that are deleted in one tab while another writes stay deleted', async () => {
    const stream = answering('Hi')
    const writing = await open(new FakeApi().next(stream.response))
    const thread = await ask(writing, 'Hello')
    await eventually(() => expect(thread.growing?.answer.text).toBe('Hi'))
    const deleting = await open()
    await deleting.remove(thread.id)
    await eventually(() => expect(writing.thread(thread.id)).toBeUndefined())
    stream.fail()
    await idle(thread)
    expect(await writing.messagesOf(thread.id)).toEqual([])
  })

  it('show an answer’s place in the queue and its prefill, then the answer as it grows, then its figures', async () => {
    const stream = new FakeStream()
    const thread = await ask(await open(new FakeApi().next(stream.response)), 'Why?')
    stream.send({ ...delta(''), queue: { ahead: 2 } })
    await eventually(() => expect(thread.growing?.answer.ahead).toBe(2))
    stream.send({ ...delta(''), prompt_progress: { processed: 512, total: 2048 } })
    await eventually(() => expect(thread.growing?.answer.progress).toMatchObject({ processed: 512, total: 2048 }))
    stream.send({ choices: [{ delta: { reasoning_content: 'Hm.' }, finish_reason: null }] })
    stream.send(delta('Because'))
    await eventually(() => expect(thread.growing?.answer).toMatchObject({ text: 'Because', thinking: 'Hm.' }))
    expect(thread.growing?.answer).not.toHaveProperty('ahead')
    expect(thread.growing?.answer.progress).toBeUndefined()
    for (const data of [end(), { choices: [], usage: { completion_tokens: 11 } }, '[DONE]']) stream.send(data)
    await idle(thread)
    expect(thread.path[1]).toMatchObject({ text: 'Because', thinking: 'Hm.', tokens: 11, model: 'small' })
    expect(thread.path[1]).toHaveProperty('firstTokenMs')
  })

  it('hold a message until its model is ready, also while another page is shown', async () => {
    const api = new FakeApi().next(whole('Hi').response)
    const stage = new Stage()
    stage.partner = partner({ kind: 'disk', ready: false })
    const chats = await open(api, stage)
    const thread = await ask(chats, 'Hello')
    expect(thread).toMatchObject({ held: true, busy: true })
    expect(api.asked).toEqual([])
    stage.partner = partner({ id: 'declared-now', ready: false })
    await Promise.resolve()
    expect(api.asked).toEqual([])
    stage.partner = partner({ id: 'declared-now' })
    await idle(thread)
    expect(api.asked).toHaveLength(1)
    expect(api.asked[0]?.json).toMatchObject({ model: 'declared-now' })
    expect(textsOf(thread.path)).toEqual(['Hello', 'Hi'])
  })

  it('survive the removal of their model: the message stays and can be sent to another one', async () => {
    const stage = new Stage()
    stage.partner = undefined
    const chats = await open(new FakeApi().next(whole('Hi').response), stage)
    const thread = await ask(chats, 'Hello')
    expect(thread.held).toBe(true)
    chats.cancel(thread)
    expect(thread).toMatchObject({ busy: false, unanswered: true })
    await chats.choose(thread, partner({ id: 'other', name: 'other' }))
    stage.partner = partner({ id: 'other', name: 'other' })
    chats.retry(thread)
    await idle(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'Hi'])
  })

  it('keep earlier branches when a question is edited or asked again', async () => {
    const api = new FakeApi().next(whole('a').response, whole('b').response, whole('c').response)
    const chats = await open(api)
    const thread = await ask(chats, 'Hello')
    await idle(thread)
    const [question, first] = thread.path
    if (!question || first?.role !== 'assistant') throw new Error('no answer')
    chats.retry(thread, first)
    await idle(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'b'])
    await chats.edit(thread, question, 'Hallo')
    await idle(thread)
    expect(textsOf(thread.path)).toEqual(['Hallo', 'c'])
    expect(thread.siblings(question).all).toHaveLength(2)
    await chats.showBranch(thread, question)
    expect(textsOf(thread.path)).toEqual(['Hello', 'b'])
    await chats.showBranch(thread, first)
    expect(textsOf(thread.path)).toEqual(['Hello', 'a'])
  })

  it('show the earlier answer again if another one is stopped or fails before it begins', async () => {
    const [silent, stage] = [new FakeStream(), new Stage()]
    const api = new FakeApi().next(whole('a').response, silent.response, () => json({}, 503))
    const chats = await open(api, stage)
    const thread = await ask(chats, 'Hello')
    await idle(thread)
    chats.retry(thread)
    await eventually(() => expect(thread.growing).toBeDefined())
    chats.cancel(thread)
    silent.fail()
    await idle(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'a'])
    chats.retry(thread)
    await idle(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'a'])
    expect(thread.problem).toMatchObject({ name: 'ApiError' })
    stage.partner = partner({ ready: false })
    chats.retry(thread)
    expect(textsOf(thread.path)).toEqual(['Hello'])
    chats.cancel(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'a'])
  })

  it('keep pictures through edits, regenerated answers and reloads, send them, and delete them with the conversation', async () => {
    const picture = { name: 'cat.png', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
    const api = new FakeApi().next(whole('a').response, whole('b').response, whole('c').response)
    const chats = await open(api)
    const thread = chats.fresh
    await chats.send(thread, { text: '', files: [], pictures: [picture], partner: partner({ sees: true }) })
    await idle(thread)
    chats.retry(thread)
    await idle(thread)
    const [question] = thread.path
    if (!question) throw new Error('no question')
    await chats.edit(thread, question, 'What is it?')
    await kept(thread)
    const part = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
    expect(api.asked.map(({ json: body }) => (body as { messages: unknown }).messages)).toEqual([
      [{ role: 'user', content: [part] }],
      [{ role: 'user', content: [part] }],
      [{ role: 'user', content: [part, { type: 'text', text: 'What is it?' }] }],
    ])
    const again = await open()
    expect(again.conversations.all).toMatchObject([{ title: 'cat.png' }])
    await again.show(thread.id)
    expect(again.thread(thread.id)?.path[0]).toMatchObject({ text: 'What is it?', pictures: [picture] })
    expect(again.thread(thread.id)?.pictures).toBe(1)
    await again.remove(thread.id)
    expect(await again.messagesOf(thread.id)).toEqual([])
  })

  it('can be stopped, which is not an error', async () => {
    const stream = answering('1 2')
    const chats = await open(new FakeApi().next(stream.response))
    const thread = await ask(chats, 'Count.')
    await eventually(() => expect(thread.growing?.answer.text).toBe('1 2'))
    chats.cancel(thread)
    stream.fail()
    await idle(thread)
    expect(thread.path.at(-1)).toMatchObject({ text: '1 2', cut: 'stopped' })
    expect(thread).toMatchObject({ problem: undefined, unanswered: false })
  })

  it.each([
    ['the node refuses', () => json({ error: { code: 'model_unavailable', message: 'chat is not ready' } }, 503)],
    ['the node is away', undefined],
  ] as const)('keep the question when %s, to be asked again', async (_what, refusal) => {
    const api = new FakeApi(refusal)
    const chats = await open(api)
    const thread = await ask(chats, 'Hello')
    await idle(thread)
    expect(thread.problem).toMatchObject({ name: 'ApiError' })
    expect(thread.unanswered).toBe(true)
    api.next(whole('Hi').response)
    chats.retry(thread)
    await idle(thread)
    expect(thread.problem).toBeUndefined()
    expect(textsOf(thread.path)).toEqual(['Hello', 'Hi'])
  })

  it('keep a partial answer if it fails or breaks off, with the reason', async () => {
    const stream = answering('Hi th')
    stream.send({ error: { message: 'out of memory', code: 'runner_failed' } })
    const chats = await open(new FakeApi().next(stream.response))
    const thread = await ask(chats, 'Hello')
    await idle(thread)
    expect(thread.path.at(-1)).toMatchObject({ text: 'Hi th', cut: 'failed' })
    expect(thread.problem).toMatchObject({ code: 'runner_failed', message: 'out of memory' })
    expect(thread.unanswered).toBe(true)
  })

  it('show tool calls, and continue with their results', async () => {
    const called = new FakeStream()
    const call = (said: object) => ({
      choices: [{ delta: { tool_calls: [{ index: 0, ...said }] }, finish_reason: null }],
    })
    called.send(call({ id: 'x', function: { name: 'clock', arguments: '{"zone"' } }))
    called.send(call({ function: { arguments: ':"UTC"}' } }))
    for (const data of [end('tool_calls'), '[DONE]']) called.send(data)
    const api = new FakeApi().next(called.response, whole('Noon.').response)
    const chats = await open(api)
    const thread = await ask(chats, 'What time is it?')
    await idle(thread)
    const calls = [{ id: 'x', name: 'clock', arguments: '{"zone":"UTC"}' }]
    expect(thread.path[1]).toMatchObject({ text: '', calls })
    await chats.giveResults(thread, calls, ['12:00'])
    await idle(thread)
    expect(thread.path.at(-1)).toMatchObject({ text: 'Noon.' })
    expect(api.asked[1]?.json).toMatchObject({
      messages: [{}, {}, { role: 'tool', tool_call_id: 'x', content: '12:00' }],
    })
  })

  it('show a new answer also where another tab’s change was being read meanwhile', async () => {
    const stream = answering('Hi')
    let read = (): void => undefined
    const reading = new Promise<void>((resolve) => {
      read = resolve
    })
    let store: ChatStore | undefined
    const chats = new Chats({
      api: new FakeApi().next(stream.response),
      openStore: async () => {
        store = await ChatStore.open()
        const [messages, keep] = [store.messages.bind(store), store.keep.bind(store)]
        // A store that takes its time: what was asked for earlier is answered earlier.
        store.messages = async (id) => {
          const stored = await messages(id)
          await reading
          return stored
        }
        store.keep = async (message) => {
          if (message.role === 'assistant') await reading
          await keep(message)
        }
        return store
      },
      partner: () => partner(),
    })
    opened.push(chats)
    await eventually(() => expect(chats.known).toBe(true))
    const thread = await ask(chats, 'Hello')
    await eventually(() => expect(thread.growing?.answer.text).toBe('Hi'))
    const [question] = thread.path
    const otherTab = await ChatStore.open()
    if (!store || !question) throw new Error('nothing is stored')
    const asked = vi.spyOn(store, 'messages')
    await otherTab.keep(question)
    await eventually(() => expect(asked).toHaveBeenCalled())
    for (const data of [end(), '[DONE]']) stream.send(data)
    await idle(thread)
    read()
    await eventually(() => expect(thread.conversation.leafId).toBe(thread.leafId))
    expect(textsOf(thread.path)).toEqual(['Hello', 'Hi'])
    otherTab.close()
  })

  it('do not show the error of one branch at the end of another', async () => {
    const chats = await open(new FakeApi().next(whole('Hi').response))
    const thread = await ask(chats, 'Hello')
    await kept(thread)
    const [question] = thread.path
    if (!question) throw new Error('it is not there')
    await chats.edit(thread, question, 'Hello again')
    await eventually(() => expect(thread.problem).toMatchObject({ code: 'unreachable' }))
    await chats.showBranch(thread, question)
    expect([textsOf(thread.path), thread.problem]).toEqual([['Hello', 'Hi'], undefined])
  })

  it('are found by their titles and messages', async () => {
    const api = new FakeApi().next(whole('The capital is Paris.').response, whole('x').response)
    const chats = await open(api)
    await idle(await ask(chats, 'France?'))
    chats.begin()
    await idle(await ask(chats, 'Something else'))
    await chats.conversations.search('PARIS capital')
    expect(chats.conversations.found.map(({ title }) => title)).toEqual(['France?'])
    await chats.conversations.search('else')
    expect(chats.conversations.found.map(({ title }) => title)).toEqual(['Something else'])
    await chats.conversations.search('')
    expect(chats.conversations.found).toHaveLength(2)
  })

  it('use their system prompt and sampling options, which can be stored as presets', async () => {
    const api = new FakeApi().next(whole('Hi').response)
    const chats = await open(api)
    const options = { system: 'Be short.', temperature: 0, seed: 7, thinking: false, alternatives: true }
    await chats.setOptions(chats.fresh, options)
    await chats.presets.keep({ name: 'Short', options })
    await kept(await ask(chats, 'Hello'))
    expect(api.asked[0]?.json).toMatchObject({
      messages: [{ role: 'system', content: 'Be short.' }, { role: 'user' }],
      temperature: 0,
      seed: 7,
      enable_thinking: false,
      logprobs: true,
      top_logprobs: 5,
    })
    const again = await open()
    expect(again.presets.all).toMatchObject([{ name: 'Short', options }])
    expect(again.conversations.all[0]?.options).toEqual(options)
  })

  it('continue in this window if the browser stores nothing, and say so', async () => {
    const chats = new Chats({
      api: new FakeApi().next(whole('Hi').response),
      openStore: () => Promise.reject(new DOMException('no', 'SecurityError')),
      partner: () => partner(),
    })
    opened.push(chats)
    await eventually(() => expect(chats.known).toBe(true))
    expect(chats.keeping.problem).toMatchObject({ code: 'not_kept' })
    const thread = await ask(chats, 'Hello')
    await idle(thread)
    expect(textsOf(thread.path)).toEqual(['Hello', 'Hi'])
    expect(textsOf(await chats.messagesOf(thread.id))).toEqual(['Hello', 'Hi'])
  })
})
