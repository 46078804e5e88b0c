import { ApiError } from '../../api/problem'
import { t } from '../../state/texts.svelte'
import type { ChatStore, StoreChange } from './chat-store'

/**
 * The browser's store, if available. Without it, conversations last as long as the window, and `problem` says so:
 * nothing here rejects.
 */
export class Keeping {
  /** Why nothing can be stored; undefined if it can. */
  problem: unknown = $state.raw()
  private store: ChatStore | undefined
  private unsubscribe: (() => void) | undefined
  private closed = false

  constructor(private readonly openStore: () => Promise<ChatStore>) {}

  /** @param follow called with changes of other tabs, until closed */
  async open(follow: (change: StoreChange) => void): Promise<void> {
    try {
      const store = await this.openStore()
      if (this.closed) return store.close()
      this.store = store
      this.unsubscribe = store.subscribe(follow)
    } catch (error) {
      this.problem = notKept(error)
    }
  }

  /** Runs an action on the store; undefined if it fails. */
  async attempt<Value>(action: (store: ChatStore) => Promise<Value>): Promise<Value | undefined> {
    if (!this.store) return undefined
    try {
      return await action(this.store)
    } catch (error) {
      this.problem = notKept(error)
      return undefined
    }
  }

  close(): void {
    this.closed = true
    this.unsubscribe?.()
    this.store?.close()
  }
}

const notKept = (cause: unknown): ApiError =>
  new ApiError('not_kept', t('chat.browserKeepsNone'), { hint: t('chat.browserKeepsNoneHint'), cause })
