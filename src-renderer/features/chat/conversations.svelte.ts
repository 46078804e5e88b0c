import type { ConversationChanges } from './chat-store'
import type { Keeping } from './keeping.svelte'
import type { Conversation } from './records'

const NONE = { has: (_id: string) => false }

const wordsOf = (text: string): readonly string[] => text.toLowerCase().split(/\s+/).filter(Boolean)

/** This browser's conversations without messages, with search. */
export class Conversations {
  /** Latest first. */
  all: readonly Conversation[] = $state.raw([])
  /** The search text, and the conversations whose messages match. */
  words = $state('')
  private inMessages: Pick<ReadonlySet<string>, 'has'> = $state.raw(NONE)

  readonly found: readonly Conversation[] = $derived.by(() => {
    const words = wordsOf(this.words)
    return this.all.filter(
      ({ id, title }) => this.inMessages.has(id) || words.every((word) => title.toLowerCase().includes(word)),
    )
  })

  constructor(private readonly keeping: Pick<Keeping, 'attempt'>) {}

  /** Resolves with whether they could be read. */
  async read(): Promise<boolean> {
    const conversations = await this.keeping.attempt((store) => store.conversations())
    if (conversations) this.all = conversations
    return conversations !== undefined
  }

  find(id: string): Conversation | undefined {
    return this.all.find((one) => one.id === id)
  }

  async search(text: string): Promise<void> {
    this.words = text
    const words = wordsOf(text)
    const found = words.length === 0 ? NONE : await this.keeping.attempt((store) => store.search(words))
    // Ignore the result if the search text changed meanwhile.
    if (this.words === text) this.inMessages = found ?? NONE
  }

  async add(conversation: Conversation): Promise<void> {
    this.all = [conversation, ...this.all]
    await this.keeping.attempt((store) => store.create(conversation))
  }

  async change(id: string, changes: ConversationChanges): Promise<void> {
    this.all = this.all
      .map((one) => (one.id === id ? { ...one, ...changes } : one))
      .sort((a, b) => b.changedAt - a.changedAt)
    await this.keeping.attempt((store) => store.change(id, changes))
  }

  /** Deletes it with its messages. */
  async remove(id: string): Promise<void> {
    this.all = this.all.filter((one) => one.id !== id)
    await this.keeping.attempt((store) => store.remove(id))
  }
}
