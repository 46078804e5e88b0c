import type { AppliedChange } from '@core/protocols/apply'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { pruneLabels, readFiles } from '../files'
import { applyFiles } from './apply-changes'

export interface ApplyFlags extends CommonOptions {
  readonly file: readonly string[]
  readonly prune: boolean
  readonly selector?: string
  readonly dryRun: boolean
}

const WORDS: Readonly<Record<AppliedChange['kind'], string>> = {
  create: 'declared',
  update: 'changed',
  delete: 'removed',
  unchanged: 'unchanged',
}

/** Applies declaration files. Idempotent. */
export const run = async (flags: ApplyFlags, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const { dryRun, json } = flags
  const prune = pruneLabels(flags.prune, flags.selector)
  const files = await readFiles(flags.file)
  const all: AppliedChange[] = []
  for await (const change of applyFiles(api, files, { prune, dryRun })) {
    all.push(change)
    if (!json) await out.line(`${change.name}: ${WORDS[change.kind]}${dryRun ? ' (dry run)' : ''}`)
  }
  if (json) await out.json({ dryRun, changes: all })
  else if (all.length === 0) await err.line('The files contain no declarations.')
  return DONE
}
