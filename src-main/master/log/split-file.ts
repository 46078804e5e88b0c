import { join } from 'node:path'
import { z } from 'zod'
import { goesOnFrom, LogEnd, type FactLog } from '@core/consensus/index'
import { Decision, EVENT_SCHEMA_VERSION } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { UnmergedDeclarations, carriedOver, declaredSince, nothingUnmerged } from '@core/merging/index'
import { State } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { unusedName } from './set-aside'

/** Split file. Numbered, so that a split during a merge does not overwrite the file that is being merged. */
const FILE = /^split-(\d{6})\.json$/
/** Split file: what this side of a split declared. `since`: end of the common part of the two logs. */
const SplitFile = UnmergedDeclarations.extend({ v: z.literal(2), since: LogEnd.optional() })
export type Split = Omit<z.infer<typeof SplitFile>, 'v'>

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

/** Names of the split files, oldest first. */
export const splitFiles = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => FILE.test(name))
    .sort()

/** Reads a split file. Renames one that is damaged and returns undefined. Throws the disk's errors. */
export const readSplit = (directory: Directory, name: string, log: FactLog): Split | undefined => {
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
export const asSeenFrom = (own: LogEnd, { since, ...split }: Split): Split =>
  since === undefined || own.sequence === 0 || goesOnFrom(own, since) ? { ...split, since } : { ...split, common: [] }

/** Writes a split file after all others. Rejects with the disk's errors. */
export const writeSplit = async (directory: Directory, split: Split): Promise<void> => {
  const last = Number(FILE.exec(splitFiles(directory).at(-1) ?? '')?.[1] ?? 0)
  const content = { v: 2, ...split } satisfies z.input<typeof SplitFile>
  await directory.replace(`split-${String(last + 1).padStart(6, '0')}.json`, JSON.stringify(content))
}
