import { SvelteMap } from 'svelte/reactivity'
import type { Api } from '../../api/access'
import { answerThread, type AnsweringOptions } from './answering'
import { leafAfter, titleOf } from './branches'
import type { ChatStore, ConversationChanges, StoreChange } from './chat-store'
import { Conversations } from './conversations.svelte'
import type { QuestionContent } from './draft.svelte'
import { Keeping } from './keeping.svelte'
import { chatModelOf, type Partner } from './partners'
import { Presets } from './presets.svelte'
import type { AnswerMessage, ChatModel, ChatOptions, Message, ToolCall } from './records'
import { emptyThread, Thread } from './thread.svelte'

export interface ChatsOptions {
  readonly api: Pick<Api, 'fetch'>
  readonly openStore: () => Promise<ChatStore>
  /** The partner that can answer for a model now; undefined if there is none. */
  readonly partner: (model: ChatModel) => Partner | undefined
}

/** A question and the model to ask. */
interface Sent extends QuestionContent {
  readonly partner: Partner
}

/** Actions on this browser's conversations. */
export class Chats {
  readonly keeping: Keeping
  readonly conversations: Conversations
  readonly presets: Presets
  /** The new, not yet saved conversation. */
  fresh: Thread = $state.raw(emptyThread())
  /** Whether the stored conversations have been read. */
  known = $state(false)
  private readonly threads = new SvelteMap<string, Thread>()
  private readonly opening: Promise<void>
  private readonly stopAsking: () => void

  constructor(private readonly options: ChatsOptions) {
    this.keeping = new Keeping(options.openStore)
    this.conversations = new Conversations(this.keeping)
    this.presets = new Presets(this.keeping)
    this.opening = this.open()
    // A root effect, because questions wait for their models also while another page is shown.
    this.stopAsking = $effect.root(() => {
      $effect(() => {
        for (const thread of this.threads.values()) this.askWhenReady(thread)
      })
    })
  }

  close(): void {
    this.stopAsking()
    this.keeping.close()
  }

  /** The conversation, once its messages are read. */
  thread(id: string): Thread | undefined {
    return this.threads.get(id)
  }

  /** The messages of a conversation on all its branches; if the browser stores nothing, those of this window. */
  async messagesOf(id: string): Promise<readonly Message[]> {
    return (await this.keeping.attempt((store) => store.messages(id))) ?? this.threads.get(id)?.messages ?? []
  }

  /** Reads a conversation's messages, once. */
  async show(id: string): Promise<void> {
    await this.opening
    const conversation = this.conversations.find(id)
    if (!conversation || this.threads.has(id)) return
    const thread = new Thread(conversation)
    thread.kept = true
    this.threads.set(id, thread)
    await this.read(thread)
  }

  /** Starts a new conversation. */
  begin(): void {
    this.fresh = emptyThread()
  }

  /** Sends a question when the model is ready. */
  async send(thread: Thread, { text, files, pictures, partner }: Sent): Promise<void> {
    if (thread.busy) return
    await this.keepThread(thread, titleOf(text, [...pictures, ...files]), partner)
    await this.addMessage(thread, {
      ...thread.placeAfter(thread.leafId),
      role: 'user',
      text,
      ...(files.length > 0 && { files: [...files] }),
      ...(pictures.length > 0 && { pictures }),
    })
    this.ask(thread)
  }

  /** Asks again with an edited question; the old one stays as a branch. */
  async edit(thread: Thread, message: Message, text: string): Promise<void> {
    if (thread.busy || message.role !== 'user') return
    const { files, pictures } = message
    await this.addMessage(thread, {
      ...thread.placeAfter(message.parentId),
      role: 'user',
      text,
      ...(files && { files }),
      ...(pictures && { pictures }),
    })
    this.ask(thread)
  }

  /** Requests another answer in place of one, which stays as a branch; without an argument, the missing answer. */
  retry(thread: Thread, answer?: AnswerMessage): void {
    if (thread.busy) return
    const last = thread.path.at(-1)
    const instead = answer ?? (last?.role === 'assistant' ? last : undefined)
    if (instead) thread.leafId = instead.parentId
    this.ask(thread)
  }

  /** Sends tool results to the model. */
  async giveResults(thread: Thread, calls: readonly ToolCall[], texts: readonly string[]): Promise<void> {
    if (thread.busy) return
    const results = calls.map(({ id, name }, at) => ({ id, name, text: texts[at] ?? '' }))
    await this.addMessage(thread, { ...thread.placeAfter(thread.leafId), role: 'tool', results })
    this.ask(thread)
  }

  /** Stops the answer, or the wait for a model. */
  cancel(thread: Thread): void {
    if (thread.held) thread.showInstead(thread.leafId)
    thread.held = false
    thread.stop?.abort()
  }

  /** Changes the model for later questions. */
  async choose(thread: Thread, partner: Partner): Promise<void> {
    await this.change(thread, { model: chatModelOf(partner) })
  }

  async setOptions(thread: Thread, options: ChatOptions): Promise<void> {
    await this.change(thread, { options })
  }

  async rename(id: string, title: string): Promise<void> {
    const thread = this.threads.get(id)
    if (thread) await this.change(thread, { title })
    else await this.conversations.change(id, { title })
  }

  async showBranch(thread: Thread, message: Message): Promise<void> {
    thread.show(message)
    // It is of the branch that was shown.
    thread.problem = undefined
    await this.change(thread, { leafId: thread.leafId })
  }

  async remove(id: string): Promise<void> {
    this.forget(id)
    await this.conversations.remove(id)
  }

  private async open(): Promise<void> {
    await this.keeping.open((change) => void this.follow(change))
    await Promise.all([this.readAll(), this.presets.read()])
    this.known = true
  }

  private async follow(change: StoreChange): Promise<void> {
    switch (change.kind) {
      case 'conversations':
        return this.readAll()
      case 'presets':
        return this.presets.read()
      case 'messages': {
        const thread = this.threads.get(change.conversationId)
        if (thread) await this.read(thread)
      }
    }
  }

  private async readAll(): Promise<void> {
    if (!(await this.conversations.read())) return
    for (const [id, thread] of this.threads) {
      const conversation = this.conversations.find(id)
      if (conversation) thread.conversation = conversation
      // Deleted in another tab.
      else if (thread.kept) this.forget(id)
    }
  }

  /** Cancels a running answer and drops the conversation. */
  private forget(id: string): void {
    const thread = this.threads.get(id)
    if (thread) this.cancel(thread)
    this.threads.delete(id)
  }

  private async read(thread: Thread): Promise<void> {
    const messages = await this.keeping.attempt((store) => store.messages(thread.id))
    if (!messages) return
    thread.take(messages)
    const { leafId: recorded } = thread.conversation
    if (!thread.busy) thread.leafId = leafAfter(thread.messages, { own: thread.leafId, recorded })
  }

  /** A new conversation is saved with its first message. */
  private async keepThread(thread: Thread, title: string, partner: Partner): Promise<void> {
    const model = chatModelOf(partner)
    if (thread.kept) return this.change(thread, { model })
    thread.kept = true
    const now = Date.now()
    thread.conversation = { ...thread.conversation, title, model, createdAt: now, changedAt: now }
    this.threads.set(thread.id, thread)
    if (this.fresh === thread) this.fresh = emptyThread()
    await this.conversations.add(thread.conversation)
  }

  private async change(thread: Thread, changes: ConversationChanges): Promise<void> {
    thread.conversation = { ...thread.conversation, ...changes }
    if (thread.kept) await this.conversations.change(thread.id, changes)
  }

  private readonly keep = (message: Message): Promise<unknown> => this.keeping.attempt((store) => store.keep(message))

  private async addMessage(thread: Thread, message: Message): Promise<void> {
    thread.add(message)
    thread.leafId = message.id
    await this.keep(message)
    thread.saved(message)
    await this.change(thread, { leafId: message.id, changedAt: message.at })
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
    const answering: AnsweringOptions = {
      api: this.options.api,
      keep: this.keep,
      change: (changed, changes) => this.change(changed, changes),
    }
    // Outside the effect, which would otherwise track everything that answering reads.
    queueMicrotask(() => {
      if (thread.held) void answerThread(thread, partner, answering)
    })
  }
}
