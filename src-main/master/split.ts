import { join } from 'node:path'
import { z } from 'zod'
import { cutAfter, emptyLog, type FactLog, LogEnd, withLatestEpochs } from '@core/consensus/index'
import type { Command, Refusal } from '@core/commands/command'
import { Apart, broughtAlong, declaredApart, joined, nothingApart } from '@core/merging/index'
import { Decision, EVENT_SCHEMA_VERSION, isDecision, type Event } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { emptyState, State } from '@core/state/state'
import { wait, type Timers } from '@core/time/timers'
import type { Directory } from '../disk/directory'
import { asDiskError, diskError } from './errors'
import { beginInstallation, forgetPicture, keepPicture } from './installation'
import { logDirectory, openLogFolder, readLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import { recordsAfter } from './log-reader'
import { baseOf } from './segment'
import { setAside, tidyAside, unusedName } from './set-aside'
import { newestSnapshot, type Snapshot } from './snapshot'

/** Numbered: what comes while one is being merged has the next number. */
const FILE = /^split-(\d{6})\.json$/
/** After a merge that failed. */
const AGAIN_MS = 1000

/** What a side of a split declared, and where its log parted from that of the other. */
const Kept = Apart.extend({ v: z.literal(2), since: LogEnd.optional() })
type Waiting = Omit<z.infer<typeof Kept>, 'v'>

/** As versions before merges kept it: what was decided since the state that both sides had, without stamps. */
const KeptEvents = z.object({
  after: z.number().int().nonnegative(),
  common: State,
  decided: z.array(Decision),
  own: State,
})

/** Nobody knows any more when each of those decisions was made: all count as made when the last one was. */
const upgraded = ({ after, common, decided, own }: z.infer<typeof KeptEvents>): Apart => {
  const folding = new Folding(common)
  for (const [at, event] of decided.entries()) {
    const index = common.lastEventIndex + 1 + at
    folding.fold({ v: EVENT_SCHEMA_VERSION, index, term: own.term, at: own.lastEventAt, event })
  }
  const apart = declaredApart(common, folding.state, decided) ?? nothingApart
  return after === 0 ? broughtAlong(apart) : apart
}

/** What the log says up to a record; undefined where it begins after it. */
const stateAt = async (directory: Directory, last: number): Promise<State | undefined> => {
  if (last === 0 && baseOf(directory) > 0) return undefined
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

/** The names of the files of splits, oldest first. */
const splitFiles = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => FILE.test(name))
    .sort()

/** Undefined where it is not what this program wrote: the file is kept as damaged. Throws where it cannot be read. */
const readSplit = (directory: Directory, name: string, log: FactLog): Waiting | undefined => {
  const text = directory.readSync(name).toString('utf8')
  try {
    const content: unknown = JSON.parse(text)
    const kept = Kept.safeParse(content)
    return kept.success ? kept.data : upgraded(KeptEvents.parse(content))
  } catch {
    log.warn(
      { fact: 'split_unreadable', path: join(directory.path, name) },
      'what was decided during a split cannot be read; its file is kept as damaged',
    )
    directory.rename(name, unusedName(directory, `${name}.damaged`))
    return undefined
  }
}

/** What becomes of what people declared in records that are set aside. */
export type Fate =
  /** It is merged with what the others have: a split. */
  | 'merged'
  /** Declarations and keys come along into another cluster; its members and settings are its own affair. */
  | 'broughtAlong'
  | 'forgotten'

/**
 * Keeps on the disk what is about to be set aside, so that a crash loses none of it: one file, whatever is waiting.
 * Throws what the disk throws.
 */
const keepApart = async (
  directory: Directory,
  { after, fate, own, log }: { after: number; fate: Fate; own: { end: LogEnd; state: State }; log: FactLog },
): Promise<void> => {
  const decided: Event[] = []
  for await (const record of recordsAfter(directory, after))
    if (record.kind === 'decision') decided.push(record.envelope.event)
  const latest = declaredApart(await stateAt(directory, after), own.state, decided.filter(isDecision))
  const before = splitFiles(directory)
  const waiting: Apart[] = before.flatMap((name) => readSplit(directory, name, log) ?? [])
  const all = [...waiting, ...(latest ? [latest] : [])].reduce<Apart | undefined>(
    (earlier, later) => (earlier ? joined(earlier, later) : later),
    undefined,
  )
  if (!all) return
  // What waited is compared anew, too: this log parts from another one now, and maybe earlier.
  const since = withLatestEpochs(cutAfter(own.end, after), 1)
  const kept = { v: 2, ...(fate === 'broughtAlong' ? broughtAlong(all) : all), since } satisfies z.input<typeof Kept>
  const last = Number(FILE.exec(before.at(-1) ?? '')?.[1] ?? 0)
  await directory.replace(`split-${String(last + 1).padStart(6, '0')}.json`, JSON.stringify(kept))
  for (const name of before) directory.remove(name)
}

/**
 * Takes the records after one out of a log that is closed, and opens it again. Unless it is to be forgotten, what people
 * declared in them is remembered until it has been merged with what the others have. Throws MasterError.
 */
export const setRecordsAside = async (
  folder: LogFolder,
  { after, fate }: { readonly after: number; readonly fate: Fate },
): Promise<OpenedLog> => {
  const directory = logDirectory(folder)
  try {
    if (fate === 'forgotten') for (const name of splitFiles(directory)) directory.remove(name)
    else await keepApart(directory, { after, fate, own: readLogFolder(folder), log: folder.log })
  } catch (cause) {
    throw asDiskError(directory.path, cause)
  }
  const isThere = baseOf(directory) === 0 || (after > 0 && (await stateAt(directory, after)) !== undefined)
  if (!isThere) {
    // Where the log begins after that record nothing of it can stay: the leader gives a snapshot.
    folder.log.warn({ after }, 'the whole log makes room: it parted from that of the other machines before it begins')
    try {
      if (fate === 'merged') keepPicture(directory, readLogFolder(folder).state)
      else forgetPicture(directory)
    } catch (cause) {
      throw asDiskError(directory.path, cause)
    }
    return replaceBySnapshot(folder, { logEnd: emptyLog, state: emptyState() })
  }
  const aside = setAside({ directory, after })
  await tidyAside(directory).catch((cause: unknown) => Promise.reject(asDiskError(directory.path, cause)))
  // A machine that joins or leaves gives all of it up for the cluster's; only a split is news.
  folder.log[fate === 'merged' ? 'warn' : 'info'](
    { fact: 'set_aside', after, aside },
    'set aside what the other machines do not have',
  )
  return openLogFolder(folder)
}

/** Puts a snapshot in the place of all that a log that is closed has: every record of it is in the snapshot. Throws MasterError. */
export const replaceBySnapshot = (folder: LogFolder, snapshot: Snapshot): OpenedLog => {
  const directory = logDirectory(folder)
  try {
    beginInstallation(directory, snapshot)
  } catch (cause) {
    throw diskError(directory.path, cause)
  }
  return openLogFolder(folder)
}

export interface MergeParts {
  /** To whoever decides now. Rejects where nobody does. */
  readonly submit: (command: Command) => Promise<{ readonly status: string; readonly refusal?: Refusal }>
  readonly log: FactLog
}

/** Brings what was declared apart to whoever decides now. What was not taken is kept; false where that is so. */
export const mergeApart = async (directory: Directory, { submit, log }: MergeParts): Promise<boolean> => {
  for (const name of splitFiles(directory)) {
    try {
      const apart = readSplit(directory, name, log)
      if (!apart) continue
      const { status, refusal } = await submit({ type: 'MergeDeclarations', ...apart })
      log.info({ fact: 'merged', result: status, refusal }, 'merged what was declared apart')
      directory.remove(name)
    } catch (err) {
      log.warn({ err, name }, 'what was declared apart is merged later')
      return false
    }
  }
  return true
}

/** A way to begin `mergeApart` whenever there may be something to merge; it runs once at a time. */
export const merger = (
  directory: Directory,
  parts: MergeParts & { readonly timers: Timers; readonly isOver: () => boolean },
): (() => void) => {
  let [running, wanted] = [false, false]
  const run = async (): Promise<void> => {
    running = true
    while (wanted && !parts.isOver()) {
      wanted = false
      if (await mergeApart(directory, parts)) continue
      wanted = true
      await wait(parts.timers, AGAIN_MS)
    }
    running = false
  }
  return () => {
    wanted = true
    if (!running) void run()
  }
}
