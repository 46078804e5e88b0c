import type { ConversationChanges } from './chat-store'
import type { Keeping } from './keeping.svelte'
import type { Conversation, Message } from './records'

const NONE = { has: (_id: string) => false }

const wordsOf = (text: string): readonly string[] => text.toLowerCase().split(/\s+/).filter(Boolean)

/** The conversations of this browser without their messages, and the search in them. */
export class Conversations {
  /** The latest first. */
  all: readonly Conversation[] = $state.raw([])
  /** The words that are looked for, and the conversations in whose messages they were found. */
  private words = $state('')
  private inMessages: Pick<ReadonlySet<string>, 'has'> = $state.raw(NONE)

  readonly found: readonly Conversation[] = $derived.by(() => {
    const words = wordsOf(this.words)
    return this.all.filter(
      ({ id, title }) => this.inMessages.has(id) || words.every((word) => title.toLowerCase().includes(word)),
    )
  })

  constructor(private readonly keeping: Pick<Keeping, 'attempt'>) {}

  /** Gives whether they could be read. */
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
    // Another search may have begun meanwhile.
    if (this.words === text) this.inMessages = found ?? NONE
  }

  async messagesOf(id: string): Promise<readonly Message[]> {
    return (await this.keeping.attempt((store) => store.messages(id))) ?? []
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

  /** With its messages. */
  async remove(id: string): Promise<void> {
    this.all = this.all.filter((one) => one.id !== id)
    await this.keeping.attempt((store) => store.remove(id))
  }
}
