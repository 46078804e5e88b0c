import type { CommandId } from '@core/ids'
import type { NewRecord } from './record'

const KEPT = 10_000

/** Ids of the latest commands with decisions in the log. Makes retries idempotent: the leader executes none of these again. */
export class RecentCommands {
  private readonly ids = new Set<CommandId>()

  constructor(known: readonly CommandId[] = []) {
    for (const commandId of known) this.ids.add(commandId)
  }

  /** At most `limit` of the latest ids, oldest first. */
  latest(limit: number): readonly CommandId[] {
    return [...this.ids].slice(-limit)
  }

  has(commandId: CommandId): boolean {
    return this.ids.has(commandId)
  }

  /** Remembers the command of a record that is appended or replayed. */
  note(record: NewRecord): void {
    const commandId = record.kind === 'decision' ? record.envelope.commandId : undefined
    if (commandId === undefined || this.ids.has(commandId)) return
    this.ids.add(commandId)
    if (this.ids.size <= KEPT) return
    for (const oldest of this.ids) {
      this.ids.delete(oldest)
      return
    }
  }
}
