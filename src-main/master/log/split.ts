import { cutAfter, emptyLog, type FactLog, type LogEnd, withLatestEpochs } from '@core/consensus/index'
import { type UnmergedDeclarations, carriedOver, declaredSince, combined } from '@core/merging/index'
import { isDecision, type Event } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { emptyState, type State } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { asDiskError, diskError } from '../errors'
import { removePreviousState, savePreviousState, stageSnapshot } from './installation'
import { logDirectory, openLogFolder, readLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import { recordsAfter } from './log-reader'
import { lastCompacted } from './segment'
import { setAside, pruneSetAside } from './set-aside'
import { newestSnapshot, type Snapshot } from './snapshot'
import { asSeenFrom, readSplit, splitFiles, writeSplit } from './split-file'

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
  await writeSplit(directory, { ...(fate === 'carriedOver' ? carriedOver(all) : all), since })
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
