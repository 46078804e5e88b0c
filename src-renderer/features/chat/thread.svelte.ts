import { SvelteSet } from 'svelte/reactivity'
import type { GrowingAnswer } from './answer'
import { newestLeaf, pathTo, picturesOn, siblingsOf, type Siblings } from './branches'
import { Draft } from './draft.svelte'
import { newId } from './new-id'
import type { Conversation, Message } from './records'
import { t } from '../../state/texts.svelte'

/** A streaming answer and the message before it. */
export interface Growing {
  readonly id: string
  readonly parentId: string
  readonly model: string
  readonly answer: GrowingAnswer
}

/** A conversation in this window. It outlives its page: an answer continues while another page is shown. */
export class Thread {
  conversation: Conversation
  messages: readonly Message[] = $state.raw([])
  /** The branch this window shows; other windows may show others. */
  leafId: string | undefined = $state()
  growing: Growing | undefined = $state.raw()
  /** Whether a question is waiting for its model. */
  held = $state(false)
  problem: unknown = $state.raw()
  readonly draft = new Draft()
  /** Whether it is stored; a new one is stored with its first message. */
  kept = $state(false)
  stop: AbortController | undefined
  /** Answers whose thoughts are unfolded: also once the answer is complete, and shown by another component. */
  readonly unfolded = new SvelteSet<string>()
  /** Messages of this window that may not be in the store yet: what was read from it earlier lacks them. */
  private unsaved: readonly Message[] = []

  readonly path: readonly Message[] = $derived(pathTo(this.messages, this.leafId))
  /** Pictures on the shown path. */
  readonly pictures: number = $derived(picturesOn(this.path))
  readonly busy: boolean = $derived(this.growing !== undefined || this.held)
  /** Whether the last question lacks an answer and can be asked again. */
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

  /** Parent fields of a new message: after the given one, or as the first. */
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

  /** Shows the branch of a sibling. */
  show(message: Message): void {
    this.leafId = newestLeaf(this.messages, message.id)
  }

  /** Shows an earlier answer again, if the one that should take its place after this message did not come. */
  showInstead(parentId: string | undefined): void {
    if (this.leafId === parentId) this.leafId = newestLeaf(this.messages, parentId)
  }

  unfold(messageId: string, open: boolean): void {
    if (open) this.unfolded.add(messageId)
    else this.unfolded.delete(messageId)
  }

  /** Adds a message or replaces its earlier version. Say when it is `saved`. */
  add(message: Message): void {
    this.messages = [...this.messages.filter(({ id }) => id !== message.id), message]
    this.unsaved = [...this.unsaved.filter(({ id }) => id !== message.id), message]
  }

  saved(message: Message): void {
    this.unsaved = this.unsaved.filter((one) => one !== message)
  }

  /** Shows the stored messages, but this window's version of those that it is writing. */
  take(stored: readonly Message[]): void {
    const isOwn = ({ id }: Message): boolean =>
      id === this.growing?.id || this.unsaved.some((message) => message.id === id)
    this.messages = [...stored.filter((message) => !isOwn(message)), ...this.unsaved]
  }
}

/** A new chat, stored with its first message. */
export const emptyThread = (): Thread =>
  new Thread({ id: newId(), title: t('chat.newChat'), options: {}, createdAt: 0, changedAt: 0 })
