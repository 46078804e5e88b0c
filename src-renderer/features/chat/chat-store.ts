import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { z } from 'zod'
import { Conversation, Message, Preset } from './records'

/**
 * Conversations are stored in this browser's IndexedDB, not on the node, where every holder of an API key could read
 * them. Tabs share the store. Each write is one transaction that reads and writes one record, so that no tab overwrites
 * another's change.
 */

interface Schema extends DBSchema {
  conversations: { key: string; value: unknown }
  messages: { key: string; value: unknown; indexes: { conversation: string } }
  presets: { key: string; value: unknown }
}

const NAME = 'muster-chat'
const VERSION = 1

/** A change made by another tab. */
export const StoreChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('conversations') }),
  z.object({ kind: z.literal('messages'), conversationId: z.string() }),
  z.object({ kind: z.literal('presets') }),
])
export type StoreChange = z.infer<typeof StoreChange>

export type ConversationChanges = Partial<Omit<Conversation, 'id' | 'createdAt'>>

/** Skips records in formats of later versions. */
const readable = <Value>(schema: z.ZodType<Value>, values: readonly unknown[]): Value[] =>
  values.flatMap((value) => {
    const parsed = schema.safeParse(value)
    return parsed.success ? [parsed.data] : []
  })

const MessageText = z.object({ conversationId: z.string(), text: z.string() })

export class ChatStore {
  private readonly channel = new BroadcastChannel(NAME)

  private constructor(private readonly database: IDBPDatabase<Schema>) {}

  /** Rejects if the browser stores nothing (forbidden by its settings, or the disk is full). */
  static async open(): Promise<ChatStore> {
    const database = await openDB<Schema>(NAME, VERSION, {
      upgrade: (made) => {
        made.createObjectStore('conversations', { keyPath: 'id' })
        made.createObjectStore('messages', { keyPath: 'id' }).createIndex('conversation', 'conversationId')
        made.createObjectStore('presets', { keyPath: 'id' })
      },
    })
    return new ChatStore(database)
  }

  close(): void {
    this.channel.close()
    this.database.close()
  }

  /** Calls the listener for changes of other tabs. Returns the unsubscribe function. */
  subscribe(listener: (change: StoreChange) => void): () => void {
    const hear = ({ data }: MessageEvent<unknown>): void => {
      const parsed = StoreChange.safeParse(data)
      if (parsed.success) listener(parsed.data)
    }
    this.channel.addEventListener('message', hear)
    return () => this.channel.removeEventListener('message', hear)
  }

  /** Latest first. */
  async conversations(): Promise<readonly Conversation[]> {
    const found = readable(Conversation, await this.database.getAll('conversations'))
    return found.sort((a, b) => b.changedAt - a.changedAt)
  }

  async messages(conversationId: string): Promise<readonly Message[]> {
    return readable(Message, await this.database.getAllFromIndex('messages', 'conversation', conversationId))
  }

  async create(conversation: Conversation): Promise<void> {
    await this.database.put('conversations', conversation)
    this.broadcast({ kind: 'conversations' })
  }

  /** Changes only the given fields. No effect if the conversation was deleted. */
  async change(id: string, changes: ConversationChanges): Promise<void> {
    const transaction = this.database.transaction('conversations', 'readwrite')
    const known = Conversation.safeParse(await transaction.store.get(id))
    if (known.success) await transaction.store.put({ ...known.data, ...changes })
    await transaction.done
    this.broadcast({ kind: 'conversations' })
  }

  /** Saves a message or its newer version. No effect if the conversation was deleted. */
  async keep(message: Message): Promise<void> {
    const transaction = this.database.transaction(['conversations', 'messages'], 'readwrite')
    const known = await transaction.objectStore('conversations').getKey(message.conversationId)
    if (known !== undefined) await transaction.objectStore('messages').put(message)
    await transaction.done
    this.broadcast({ kind: 'messages', conversationId: message.conversationId })
  }

  async remove(id: string): Promise<void> {
    const transaction = this.database.transaction(['conversations', 'messages'], 'readwrite')
    const messages = transaction.objectStore('messages')
    const keys = await messages.index('conversation').getAllKeys(id)
    await Promise.all([
      transaction.objectStore('conversations').delete(id),
      ...keys.map((key) => messages.delete(key)),
      transaction.done,
    ])
    this.broadcast({ kind: 'conversations' })
  }

  /** Ids of conversations in which one message contains all words. */
  async search(words: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    let cursor = await this.database.transaction('messages').store.openCursor()
    while (cursor) {
      const { success, data } = MessageText.safeParse(cursor.value)
      const text = success ? data.text.toLowerCase() : ''
      if (success && words.every((word) => text.includes(word))) found.add(data.conversationId)
      cursor = await cursor.continue()
    }
    return found
  }

  async presets(): Promise<readonly Preset[]> {
    const found = readable(Preset, await this.database.getAll('presets'))
    return found.sort((a, b) => a.name.localeCompare(b.name))
  }

  async keepPreset(preset: Preset): Promise<void> {
    await this.database.put('presets', preset)
    this.broadcast({ kind: 'presets' })
  }

  async removePreset(id: string): Promise<void> {
    await this.database.delete('presets', id)
    this.broadcast({ kind: 'presets' })
  }

  private broadcast(change: StoreChange): void {
    this.channel.postMessage(change)
  }
}
