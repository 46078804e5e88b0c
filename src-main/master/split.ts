import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Command } from '@core/commands/command'
import { resubmissions } from '@core/consensus/resubmit'
import { Decision, isDecision, type Event } from '@core/events/event'
import { Folding } from '@core/events/fold'
import { emptyState, State } from '@core/state/state'
import { replaceFile } from '../disk/replace-file'
import { recordsAfter } from './log-reader'

const FILE = 'split.json'

/** What a log had that the winning side's has not, until its declarations were submitted again. */
const Split = z.object({ after: z.number().int().nonnegative(), common: State, decided: z.array(Decision), own: State })
export type Split = z.infer<typeof Split>

/** What the log says up to a record. */
export const stateAt = async (directory: string, last: number): Promise<State> => {
  const folding = new Folding(emptyState())
  for await (const record of recordsAfter(directory, 0)) {
    if (record.sequence > last) break
    if (record.kind === 'decision') folding.fold(record.envelope)
    else folding.enter(record.term)
  }
  return folding.state
}

/** Keeps on the disk what is about to be set aside, so that a crash loses none of it. */
export const keepSplit = async (
  directory: string,
  { after, common, own }: Pick<Split, 'after' | 'common' | 'own'>,
): Promise<void> => {
  const decided: Event[] = []
  for await (const record of recordsAfter(directory, after))
    if (record.kind === 'decision') decided.push(record.envelope.event)
  await replaceFile(join(directory, FILE), JSON.stringify({ after, common, decided: decided.filter(isDecision), own }))
}

export const readSplit = (directory: string): Split | undefined => {
  const path = join(directory, FILE)
  if (!existsSync(path)) return undefined
  const parsed = Split.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  return parsed.success ? parsed.data : undefined
}

export const forgetSplit = (directory: string): void => rmSync(join(directory, FILE), { force: true })

/** Who belongs to a cluster is its own affair: a machine that joins brings its declarations and keys, not its friends. */
const brought = new Set<Command['type']>(['CreateMetaInstance', 'CreateApiKey'])

/** The commands that bring a split's declarations to the winning side. */
export const commandsOf = ({ after, ...split }: Split, winner: State): Command[] => {
  const all = resubmissions({ ...split, winner })
  return after === 0 ? all.filter(({ type }) => brought.has(type)) : all
}
