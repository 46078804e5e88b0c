import type { Command, Refusal } from '@core/commands/command'
import type { FactLog } from '@core/consensus/index'
import type { CommandId } from '@core/ids'
import { decideMerge } from '@core/merging/index'
import { wait, type Timers } from '@core/time/timers'
import type { Directory } from '../../disk/directory'
import type { EventLog } from './event-log'
import { asSeenFrom, readSplit, splitFiles, type Split } from './split-file'

/** Delay before a merge that failed, or whose records this node does not have yet, is tried again. */
const RETRY_MS = 1000

export interface MergeParts {
  /** Submits a command to the leader. Rejects if there is none. */
  readonly submit: (
    command: Command,
    options: { readonly commandId: CommandId },
  ) => Promise<{ readonly status: 'done' | 'refused'; readonly refusal?: Refusal }>
  readonly newCommandId: () => CommandId
  /** This node's own log, as it is open now. */
  readonly ownLog: () => EventLog
  readonly log: FactLog
}

/**
 * Has the leader merge the declarations of split files, oldest first. A file stays until this node's own log has what the
 * leader acknowledged: if the leader is lost before its records come here, they are submitted to the next one.
 */
export class SplitMerging {
  /** The latest acknowledged command for each content of a split file. */
  private readonly acknowledged = new Map<string, CommandId>()

  constructor(
    private readonly directory: Directory,
    private readonly parts: MergeParts,
  ) {}

  /** Resolves with false if a file is left: it could not be submitted, or its records are not here yet. Never rejects. */
  async attempt(): Promise<boolean> {
    const { log } = this.parts
    for (const name of splitFiles(this.directory)) {
      try {
        const split = readSplit(this.directory, name, log)
        if (!split) continue
        if (!(await this.merge(split))) return false
        this.directory.remove(name)
      } catch (err) {
        log.warn({ err, name }, 'what was declared apart is merged later')
        return false
      }
    }
    this.acknowledged.clear()
    return true
  }

  /** Whether the file is no longer needed. */
  private async merge(split: Split): Promise<boolean> {
    const { submit, newCommandId, ownLog, log } = this.parts
    const content = JSON.stringify(split)
    if (await this.isHere(split, this.acknowledged.get(content))) return true
    const commandId = newCommandId()
    const command = { type: 'MergeDeclarations', ...asSeenFrom(ownLog().logEnd, split) } as const
    const { status, refusal } = await submit(command, { commandId })
    log.info({ fact: 'merged', result: status, refusal }, 'merged what was declared apart')
    if (status === 'refused') return true
    this.acknowledged.set(content, commandId)
    return this.isHere(split)
  }

  /**
   * Whether this node's log has all of these declarations on disk, or decisions of the command that merged them: where the
   * leader replaced stamps beyond reason, the declarations never look merged. Rejects with the disk's errors.
   */
  private async isHere(split: Split, decidedBy?: CommandId): Promise<boolean> {
    const log = this.parts.ownLog()
    // An empty log may show the state of a discarded one.
    if (log.sequence === 0) return false
    const isDecided = decidedBy !== undefined && log.commands.has(decidedBy)
    if (!isDecided && decideMerge(log.state, asSeenFrom(log.logEnd, split)).length > 0) return false
    await log.flushed()
    // The records of a closed log may be the very ones that are set aside.
    return log.isOpen
  }
}

/**
 * Returns a function that starts merging in the background; call it whenever there may be a leader or a new split file. One
 * merge runs at a time. Retries until everything is merged or `isOver`.
 */
export const backgroundMerge = (
  directory: Directory,
  parts: MergeParts & { readonly timers: Timers; readonly isOver: () => boolean },
): (() => void) => {
  const merging = new SplitMerging(directory, parts)
  let [running, wanted] = [false, false]
  const run = async (): Promise<void> => {
    running = true
    while (wanted && !parts.isOver()) {
      wanted = false
      if (await merging.attempt()) continue
      wanted = true
      await wait(parts.timers, RETRY_MS)
    }
    running = false
  }
  return () => {
    wanted = true
    if (!running) void run()
  }
}
