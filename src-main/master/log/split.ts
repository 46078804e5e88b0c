import { join } from 'node:path'
import { z } from 'zod'
import { cutAfter, emptyLog, type FactLog, goesOnFrom, LogEnd, withLatestEpochs } from '@core/consensus/index'
import type { Command, Refusal } from '@core/commands/command'
import { UnmergedDeclarations, carriedOver, declaredSince, combined, nothingUnmerged } from '@core/merging/index'
import { Decision, EVENT_SCHEMA_VERSION, isDecision, type Event } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { emptyState, State } from '@core/state/state'
import { wait, type Timers } from '@core/time/timers'
import type { Directory } from '../../disk/directory'
import { asDiskError, diskError } from '../errors'
import { removePreviousState, savePreviousState, stageSnapshot } from './installation'
import { logDirectory, openLogFolder, readLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import { recordsAfter } from './log-reader'
import { lastCompacted } from './segment'
import { setAside, pruneSetAside, unusedName } from './set-aside'
import { newestSnapshot, type Snapshot } from './snapshot'

/** Split file. Numbered, so that a split during a merge does not overwrite the file that is being merged. */
const FILE = /^split-(\d{6})\.json$/
/** Delay before a failed merge is retried. */
const RETRY_MS = 1000

/** Split file: what this side of a split declared. `since`: end of the common part of the two logs. */
const SplitFile = UnmergedDeclarations.extend({ v: z.literal(2), since: LogEnd.optional() })
type Split = Omit<z.infer<typeof SplitFile>, 'v'>

/** Split file of versions before stamps: the decisions since the common state. */
const SplitFileV1 = z.object({
  after: z.number().int().nonnegative(),
  common: State,
  decided: z.array(Decision),
  own: State,
})

/** Upgrades an old split file. It has no times of single decisions, so all get the time of the last one. */
const upgraded = ({ after, common, decided, own }: z.infer<typeof SplitFileV1>): UnmergedDeclarations => {
  const folding = new Folding(common)
  for (const [at, event] of decided.entries()) {
    const index = common.lastEventIndex + 1 + at
    folding.fold({ v: EVENT_SCHEMA_VERSION, index, term: own.term, at: own.lastEventAt, event })
  }
  const unmerged = declaredSince(common, folding.state, decided) ?? nothingUnmerged
  return after === 0 ? carriedOver(unmerged) : unmerged
}

/** State after record `last`; undefined if the log no longer reaches back that far. Rejects with the disk's errors. */
const stateAt = async (directory: Directory, last: number): Promise<State | undefined> => {
  if (last === 0 && lastCompacted(directory) > 0) return undefined
  const snapshot = newestSnapshot(directory, () => undefined, last)
  const folding = new Folding(snapshot?.state ?? emptyState())
  const leader = snapshot?.logEnd.epochs.at(-1)
  if (leader) folding.enter(leader.term, leader.master)
  let sequence = snapshot?.logEnd.sequence ?? 0
  for await (const record of recordsAfter(directory, sequence)) {
    if (record.sequence > last) break
    if (record.sequence !== sequence + 1) return undefined
    sequence = record.sequence
    if (record.kind === 'decision') folding.fold(record.envelope)
    else folding.enter(record.term, record.master)
  }
  return sequence === last ? folding.state : undefined
}

/** Names of the split files, oldest first. */
const splitFiles = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => FILE.test(name))
    .sort()

/** Reads a split file. Renames one that is damaged and returns undefined. Throws the disk's errors. */
const readSplit = (directory: Directory, name: string, log: FactLog): Split | undefined => {
  const text = directory.readSync(name).toString('utf8')
  try {
    const content: unknown = JSON.parse(text)
    const kept = SplitFile.safeParse(content)
    return kept.success ? kept.data : upgraded(SplitFileV1.parse(content))
  } catch {
    log.warn(
      { fact: 'split_unreadable', path: join(directory.path, name) },
      'what was decided during a split cannot be read; its file is kept as damaged',
    )
    directory.rename(name, unusedName(directory, `${name}.damaged`))
    return undefined
  }
}

/**
 * The split as this log may have it merged. A log that was discarded, and then came from a leader of a third side, does not
 * contain the record after which the split began: nobody knows what that side had of it, so that only tombstones show what
 * was removed. As long as the log is empty it may still come from the other side of the split.
 */
const asSeenFrom = (own: LogEnd, { since, ...split }: Split): Split =>
  since === undefined || own.sequence === 0 || goesOnFrom(own, since) ? { ...split, since } : { ...split, common: [] }

/** What happens to the declarations in records that are set aside. */
export type Fate =
  /** After a split: all of them are submitted to the leader to be merged. */
  | 'merged'
  /** When joining a cluster: only declarations and API keys are submitted, not members and settings. */
  | 'carriedOver'
  /** They are discarded. */
  | 'forgotten'

/**
 * Saves the declarations of records that are about to be set aside, so that a crash loses none of them. Combines them
 * with those of earlier splits that are not merged yet into one split file. Rejects with the disk's errors.
 */
const saveSplit = async (
  directory: Directory,
  { after, fate, own, log }: { after: number; fate: Fate; own: { end: LogEnd; state: State }; log: FactLog },
): Promise<void> => {
  const decided: Event[] = []
  for await (const record of recordsAfter(directory, after))
    if (record.kind === 'decision') decided.push(record.envelope.event)
  const latest = declaredSince(await stateAt(directory, after), own.state, decided.filter(isDecision))
  const before = splitFiles(directory)
  const unmerged = before.flatMap((name): UnmergedDeclarations[] => {
    const split = readSplit(directory, name, log)
    return split ? [asSeenFrom(own.end, split)] : []
  })
  const all = [...unmerged, ...(latest ? [latest] : [])].reduce<UnmergedDeclarations | undefined>(
    (earlier, later) => (earlier ? combined(earlier, later) : later),
    undefined,
  )
  if (!all) return
  // Applies to the earlier splits too: the log now diverges from another one, perhaps at an earlier record.
  const since = withLatestEpochs(cutAfter(own.end, after), 1)
  const split = { v: 2, ...(fate === 'carriedOver' ? carriedOver(all) : all), since } satisfies z.input<
    typeof SplitFile
  >
  const last = Number(FILE.exec(before.at(-1) ?? '')?.[1] ?? 0)
  await directory.replace(`split-${String(last + 1).padStart(6, '0')}.json`, JSON.stringify(split))
  for (const name of before) directory.remove(name)
}

/**
 * Sets aside the records after `after` of a closed log, saves their declarations as `fate` says, and reopens the log. If
 * compaction has removed record `after`, the whole log is discarded and the leader must send a snapshot. Rejects with
 * MasterError.
 */
export const setRecordsAside = async (
  folder: LogFolder,
  { after, fate }: { readonly after: number; readonly fate: Fate },
): Promise<OpenedLog> => {
  const directory = logDirectory(folder)
  try {
    if (fate === 'forgotten') for (const name of splitFiles(directory)) directory.remove(name)
    else await saveSplit(directory, { after, fate, own: readLogFolder(folder), log: folder.log })
  } catch (cause) {
    throw asDiskError(directory.path, cause)
  }
  const canTruncate = lastCompacted(directory) === 0 || (after > 0 && (await stateAt(directory, after)) !== undefined)
  if (!canTruncate) {
    folder.log.warn({ after }, 'the whole log makes room: it parted from that of the other machines before it begins')
    try {
      if (fate === 'merged') savePreviousState(directory, readLogFolder(folder).state)
      else removePreviousState(directory)
    } catch (cause) {
      throw asDiskError(directory.path, cause)
    }
    return replaceBySnapshot(folder, { logEnd: emptyLog, state: emptyState() })
  }
  const aside = setAside({ directory, after })
  await pruneSetAside(directory).catch((cause: unknown) => Promise.reject(asDiskError(directory.path, cause)))
  // Joining or leaving always sets the log aside; only a split is worth a warning.
  folder.log[fate === 'merged' ? 'warn' : 'info'](
    { fact: 'set_aside', after, aside },
    'set aside what the other machines do not have',
  )
  return openLogFolder(folder)
}

/** Replaces a closed log by a snapshot, and reopens it. Throws MasterError. */
export const replaceBySnapshot = (folder: LogFolder, snapshot: Snapshot): OpenedLog => {
  const directory = logDirectory(folder)
  try {
    stageSnapshot(directory, snapshot)
  } catch (cause) {
    throw diskError(directory.path, cause)
  }
  return openLogFolder(folder)
}

export interface MergeParts {
  /** Submits a command to the leader. Rejects if there is none. */
  readonly submit: (command: Command) => Promise<{ readonly status: string; readonly refusal?: Refusal }>
  /** End of this node's log. */
  readonly end: () => LogEnd
  readonly log: FactLog
}

/**
 * Submits the split files to the leader, oldest first, and removes those that it answered, refused ones too. Resolves with
 * false if one could not be submitted; that file and the later ones are kept.
 */
export const mergeSplits = async (directory: Directory, { submit, end, log }: MergeParts): Promise<boolean> => {
  for (const name of splitFiles(directory)) {
    try {
      const split = readSplit(directory, name, log)
      if (!split) continue
      const { status, refusal } = await submit({ type: 'MergeDeclarations', ...asSeenFrom(end(), split) })
      log.info({ fact: 'merged', result: status, refusal }, 'merged what was declared apart')
      directory.remove(name)
    } catch (err) {
      log.warn({ err, name }, 'what was declared apart is merged later')
      return false
    }
  }
  return true
}

/**
 * Returns a function that starts `mergeSplits` in the background; call it whenever there may be a leader or a new split
 * file. One merge runs at a time. Retries until everything is merged or `isOver`.
 */
export const backgroundMerge = (
  directory: Directory,
  parts: MergeParts & { readonly timers: Timers; readonly isOver: () => boolean },
): (() => void) => {
  let [running, wanted] = [false, false]
  const run = async (): Promise<void> => {
    running = true
    while (wanted && !parts.isOver()) {
      wanted = false
      if (await mergeSplits(directory, parts)) continue
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
