import { SvelteMap } from 'svelte/reactivity'
import type { Api } from '../../api/access'
import { ApiError } from '../../api/problem'
import { beforeNextPicture } from '../../state/frames'
import { readAnswer, type GrowingAnswer } from './answer'
import { leafAfter, promptOf, titleOf } from './branches'
import type { ChatStore, ConversationChanges, StoreChange } from './chat-store'
import type { QuestionContent } from './draft.svelte'
import { newId } from './new-id'
import { chatModelOf, type Partner } from './partners'
import type { AnswerMessage, ChatModel, ChatOptions, Conversation, Message, Preset, ToolCall } from './records'
import { Thread } from './thread.svelte'
import { t } from '../../state/texts.svelte'

export interface ChatsOptions {
  readonly api: Pick<Api, 'fetch'>
  readonly openStore: () => Promise<ChatStore>
  /** Who answers for a model now; undefined where nobody does. */
  readonly partner: (model: ChatModel) => Partner | undefined
}

/** What has come of an answer is kept this often, so that a window that closes loses little. */
const KEEP_EVERY_MS = 2000

const NONE = { has: (_id: string) => false }

/** The conversations of this browser. */
export class Chats {
  /** The latest first. */
  conversations: readonly Conversation[] = $state.raw([])
  presets: readonly Preset[] = $state.raw([])
  /** Why nothing is kept here, where the browser allows nothing. */
  problem: unknown = $state.raw()
  known = $state(false)
  /** The words that are looked for, and the conversations in whose messages they were found. */
  private words = $state('')
  private inMessages: Pick<ReadonlySet<string>, 'has'> = $state.raw(NONE)
  private readonly threads = new SvelteMap<string, Thread>()
  /** The one that is written before it is kept. */
  fresh: Thread = $state.raw(emptyThread())
  private store: ChatStore | undefined
  private readonly opening: Promise<void>
  private closed = false
  private readonly leave: (() => void)[] = []

  readonly found: readonly Conversation[] = $derived.by(() => {
    const words = wordsOf(this.words)
    return this.conversations.filter(
      ({ id, title }) => this.inMessages.has(id) || words.every((word) => title.toLowerCase().includes(word)),
    )
  })

  constructor(private readonly options: ChatsOptions) {
    this.opening = this.open()
    // A root effect: questions wait for their models also while another page is shown.
    this.leave.push(
      $effect.root(() => {
        $effect(() => {
          for (const thread of this.threads.values()) this.askWhenReady(thread)
        })
      }),
    )
  }

  close(): void {
    this.closed = true
    for (const leave of this.leave) leave()
    this.store?.close()
  }

  /** Gives the conversation with its messages, as soon as they are read. */
  thread(id: string): Thread | undefined {
    return this.threads.get(id)
  }

  /** Reads a conversation's messages, once. */
  async show(id: string): Promise<void> {
    await this.opening
    const conversation = this.conversations.find((one) => one.id === id)
    if (!conversation || this.threads.has(id)) return
    const thread = new Thread(conversation)
    thread.kept = true
    this.threads.set(id, thread)
    await this.read(thread)
  }

  /** Begins another one. */
  begin(): void {
    this.fresh = emptyThread()
  }

  async search(text: string): Promise<void> {
    this.words = text
    const words = wordsOf(text)
    const found = words.length === 0 ? NONE : await this.attempt((store) => store.search(words))
    if (this.words === text) this.inMessages = found ?? NONE
  }

  /** Asks, with what goes along, as soon as the model is ready. */
  async send(thread: Thread, { text, files, pictures, partner }: Sent): Promise<void> {
    if (thread.busy) return
    await this.keepThread(thread, titleOf(text, [...pictures, ...files]), partner)
    await this.addMessage(thread, {
      ...this.place(thread, thread.leafId),
      role: 'user',
      text,
      ...(files.length > 0 && { files: [...files] }),
      ...(pictures.length > 0 && { pictures }),
    })
    this.ask(thread)
  }

  /** Asks the same place anew with another text; what was there stays, as a branch. */
  async edit(thread: Thread, message: Message, text: string): Promise<void> {
    if (thread.busy || message.role !== 'user') return
    const { files, pictures } = message
    await this.addMessage(thread, {
      ...this.place(thread, message.parentId),
      role: 'user',
      text,
      ...(files && { files }),
      ...(pictures && { pictures }),
    })
    this.ask(thread)
  }

  /** Asks for another answer in the place of one, which stays as a branch; without one, for the one that is missing. */
  retry(thread: Thread, answer?: AnswerMessage): void {
    if (thread.busy) return
    const last = thread.path.at(-1)
    const instead = answer ?? (last?.role === 'assistant' ? last : undefined)
    if (instead) thread.leafId = instead.parentId
    this.ask(thread)
  }

  /** Gives the model what its tools answered. */
  async giveResults(thread: Thread, calls: readonly ToolCall[], texts: readonly string[]): Promise<void> {
    if (thread.busy) return
    const results = calls.map(({ id, name }, at) => ({ id, name, text: texts[at] ?? '' }))
    await this.addMessage(thread, { ...this.place(thread, thread.leafId), role: 'tool', results })
    this.ask(thread)
  }

  /** Ends the answer where it is, or the waiting for a model. */
  cancel(thread: Thread): void {
    thread.held = false
    thread.stop?.abort()
  }

  /** Another model for what is asked from now on. */
  async choose(thread: Thread, partner: Partner): Promise<void> {
    await this.change(thread.id, { model: chatModelOf(partner) }, thread)
  }

  async setOptions(thread: Thread, options: ChatOptions): Promise<void> {
    await this.change(thread.id, { options }, thread)
  }

  async rename(id: string, title: string): Promise<void> {
    await this.change(id, { title })
  }

  async showBranch(thread: Thread, message: Message): Promise<void> {
    thread.show(message)
    await this.change(thread.id, { leafId: thread.leafId }, thread)
  }

  async remove(id: string): Promise<void> {
    const thread = this.threads.get(id)
    if (thread) this.cancel(thread)
    this.threads.delete(id)
    this.conversations = this.conversations.filter((one) => one.id !== id)
    await this.attempt((store) => store.remove(id))
  }

  async messagesOf(id: string): Promise<readonly Message[]> {
    return (await this.attempt((store) => store.messages(id))) ?? []
  }

  async keepPreset(preset: Omit<Preset, 'id'> & { readonly id?: string }): Promise<Preset> {
    const kept = { id: newId(), ...preset }
    await this.attempt((store) => store.keepPreset(kept))
    await this.readPresets()
    return kept
  }

  async removePreset(id: string): Promise<void> {
    await this.attempt((store) => store.removePreset(id))
    await this.readPresets()
  }

  private async open(): Promise<void> {
    try {
      const store = await this.options.openStore()
      if (this.closed) return store.close()
      this.store = store
      this.leave.push(store.subscribe((change) => void this.follow(change)))
    } catch (error) {
      this.problem = notKept(error)
    }
    await Promise.all([this.readAll(), this.readPresets()])
    this.known = true
  }

  /** Does it in the store; what goes wrong is shown, and the conversation goes on in this window. */
  private async attempt<Value>(action: (store: ChatStore) => Promise<Value>): Promise<Value | undefined> {
    if (!this.store) return undefined
    try {
      return await action(this.store)
    } catch (error) {
      this.problem = notKept(error)
      return undefined
    }
  }

  private async follow(change: StoreChange): Promise<void> {
    switch (change.kind) {
      case 'conversations':
        return this.readAll()
      case 'presets':
        return this.readPresets()
      case 'messages': {
        const thread = this.threads.get(change.conversationId)
        if (thread) await this.read(thread)
      }
    }
  }

  private async readAll(): Promise<void> {
    const conversations = await this.attempt((store) => store.conversations())
    if (!conversations) return
    this.conversations = conversations
    for (const [id, thread] of this.threads) {
      const conversation = conversations.find((one) => one.id === id)
      if (conversation) thread.conversation = conversation
      // Deleted in another tab; an answer under way here is for nobody.
      else if (thread.kept) {
        this.cancel(thread)
        this.threads.delete(id)
      }
    }
  }

  private async readPresets(): Promise<void> {
    this.presets = (await this.attempt((store) => store.presets())) ?? this.presets
  }

  private async read(thread: Thread): Promise<void> {
    const messages = await this.attempt((store) => store.messages(thread.id))
    if (!messages) return
    // What this window is writing it knows best itself.
    thread.messages = messages.filter(({ id }) => id !== thread.growing?.id)
    const { leafId: recorded } = thread.conversation
    if (!thread.busy) thread.leafId = leafAfter(thread.messages, { own: thread.leafId, recorded })
  }

  /** A new conversation is kept with its first message. */
  private async keepThread(thread: Thread, title: string, partner: Partner): Promise<void> {
    const model = chatModelOf(partner)
    if (thread.kept) return this.change(thread.id, { model }, thread)
    thread.kept = true
    const now = Date.now()
    thread.conversation = { ...thread.conversation, title, model, createdAt: now, changedAt: now }
    this.threads.set(thread.id, thread)
    if (this.fresh === thread) this.fresh = emptyThread()
    this.conversations = [thread.conversation, ...this.conversations]
    await this.attempt((store) => store.create(thread.conversation))
  }

  private async change(id: string, changes: ConversationChanges, thread = this.threads.get(id)): Promise<void> {
    if (thread) thread.conversation = { ...thread.conversation, ...changes }
    this.conversations = this.conversations
      .map((one) => (one.id === id ? { ...one, ...changes } : one))
      .sort((a, b) => b.changedAt - a.changedAt)
    if (thread?.kept ?? true) await this.attempt((store) => store.change(id, changes))
  }

  private place(
    thread: Thread,
    parentId: string | undefined,
  ): { id: string; conversationId: string; parentId?: string; at: number } {
    return { id: newId(), conversationId: thread.id, ...(parentId !== undefined && { parentId }), at: Date.now() }
  }

  private async addMessage(thread: Thread, message: Message): Promise<void> {
    thread.add(message)
    thread.leafId = message.id
    await this.attempt((store) => store.keep(message))
    await this.change(thread.id, { leafId: message.id, changedAt: message.at }, thread)
  }

  private ask(thread: Thread): void {
    thread.problem = undefined
    thread.held = true
  }

  private askWhenReady(thread: Thread): void {
    const { model } = thread.conversation
    if (!thread.held || !model) return
    const partner = this.options.partner(model)
    if (!partner?.ready) return
    // Not within the effect, which would follow everything that an answer reads.
    queueMicrotask(() => {
      if (thread.held) void this.answer(thread, partner)
    })
  }

  private async answer(thread: Thread, partner: Partner): Promise<void> {
    const parentId = thread.leafId
    if (parentId === undefined) return
    thread.held = false
    const stop = new AbortController()
    thread.stop = stop
    const place = { ...this.place(thread, parentId), role: 'assistant', model: partner.name } as const
    const growing = { id: place.id, parentId, model: partner.name }
    thread.growing = { ...growing, answer: { text: '' } }
    const { options } = thread.conversation
    const question = {
      model: partner.id,
      messages: promptOf(thread.path, options.system),
      options,
      signal: stop.signal,
    }
    let answer: GrowingAnswer = { text: '' }
    let keptAt = performance.now()
    let drawing: (() => void) | undefined
    try {
      for await (answer of readAnswer(this.options.api, question)) {
        drawing ??= beforeNextPicture(() => {
          drawing = undefined
          thread.growing = { ...growing, answer }
        })
        if (isEmpty(answer) || performance.now() - keptAt < KEEP_EVERY_MS) continue
        keptAt = performance.now()
        const soFar: Message = { ...place, ...recordOf(answer), cut: 'closed' }
        void this.attempt((store) => store.keep(soFar))
      }
    } catch (error) {
      answer = { ...answer, cut: stop.signal.aborted ? 'stopped' : 'failed' }
      if (!stop.signal.aborted) thread.problem = error
    }
    drawing?.()
    // In one go: between the growing answer and the kept one nothing else is shown.
    thread.growing = undefined
    if (isEmpty(answer)) {
      if (answer.cut === undefined) thread.problem = emptyAnswer()
      return
    }
    const message: AnswerMessage = { ...place, ...recordOf(answer) }
    thread.add(message)
    // Who has gone to another branch meanwhile stays there.
    const stays = thread.leafId !== parentId
    if (!stays) thread.leafId = message.id
    await this.attempt((store) => store.keep(message))
    await this.change(thread.id, { changedAt: Date.now(), ...(!stays && { leafId: message.id }) }, thread)
  }
}

interface Sent extends QuestionContent {
  readonly partner: Partner
}

const wordsOf = (text: string): readonly string[] => text.toLowerCase().split(/\s+/).filter(Boolean)

const emptyThread = (): Thread =>
  new Thread({ id: newId(), title: t('chat.newChat'), options: {}, createdAt: 0, changedAt: 0 })

const isEmpty = ({ text, thinking, calls }: GrowingAnswer): boolean =>
  text === '' && thinking === undefined && calls === undefined

const recordOf = ({ progress: _progress, ...record }: GrowingAnswer): Omit<GrowingAnswer, 'progress'> => record

const notKept = (cause: unknown): ApiError =>
  new ApiError('not_kept', t('chat.browserKeepsNone'), {
    hint: t('chat.browserKeepsNoneHint'),
    cause,
  })

const emptyAnswer = (): ApiError =>
  new ApiError('empty_answer', t('chat.emptyAnswer'), {
    hint: t('chat.emptyAnswerHint'),
  })
