import type { GrowingAnswer } from './answer'
import { newestLeaf, pathTo, picturesOn, siblingsOf, type Siblings } from './branches'
import { Draft } from './draft.svelte'
import { newId } from './new-id'
import type { Conversation, Message } from './records'
import { t } from '../../state/texts.svelte'

/** An answer that is being written, and the message that it follows. */
export interface Growing {
  readonly id: string
  readonly parentId: string
  readonly model: string
  readonly answer: GrowingAnswer
}

/** One conversation as this window has it. It lives longer than its page: an answer goes on while people look elsewhere. */
export class Thread {
  conversation: Conversation
  messages: readonly Message[] = $state.raw([])
  /** Which branch this window shows; another one may show another. */
  leafId: string | undefined = $state()
  growing: Growing | undefined = $state.raw()
  /** A question waits until its model is ready. */
  held = $state(false)
  problem: unknown = $state.raw()
  readonly draft = new Draft()
  /** A new one is kept with its first message. */
  kept = $state(false)
  stop: AbortController | undefined

  readonly path: readonly Message[] = $derived(pathTo(this.messages, this.leafId))
  /** How many pictures a question at its end comes after. */
  readonly pictures: number = $derived(picturesOn(this.path))
  readonly busy: boolean = $derived(this.growing !== undefined || this.held)
  /** Whether the last question has no answer, and can be asked again. */
  readonly unanswered: boolean = $derived.by(() => {
    const last = this.path.at(-1)
    if (this.busy || last === undefined) return false
    return last.role !== 'assistant' || last.cut === 'failed' || last.cut === 'closed'
  })

  constructor(conversation: Conversation) {
    this.conversation = $state.raw(conversation)
  }

  get id(): string {
    return this.conversation.id
  }

  /** What a new message says of its place: after that one, or first. */
  placeAfter(parentId: string | undefined): {
    readonly id: string
    readonly conversationId: string
    readonly parentId?: string
    readonly at: number
  } {
    return { id: newId(), conversationId: this.id, ...(parentId !== undefined && { parentId }), at: Date.now() }
  }

  siblings(message: Message): Siblings {
    return siblingsOf(this.messages, message)
  }

  /** Shows the branch of another message in the same place. */
  show(message: Message): void {
    this.leafId = newestLeaf(this.messages, message.id)
  }

  /** Adds it, or puts it in the place of an earlier form of itself. */
  add(message: Message): void {
    this.messages = [...this.messages.filter(({ id }) => id !== message.id), message]
  }
}

/** A new chat, which is kept with its first message. */
export const emptyThread = (): Thread =>
  new Thread({ id: newId(), title: t('chat.newChat'), options: {}, createdAt: 0, changedAt: 0 })
