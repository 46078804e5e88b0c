import type { AppliedChange } from '@core/protocols/apply'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, FAILED, WRONG_USE, type ExitCode } from '../exit-codes'
import { pruneLabels, readFiles } from '../files'
import { applyFiles, printDifference } from './apply-changes'

export interface DiffFlags extends CommonOptions {
  readonly file: readonly string[]
  readonly prune: boolean
  readonly selector?: string
}

/** Prints what `apply` would change. Exit code 0: no change, 1: changes, 2 or more: error. */
export const run = async (flags: DiffFlags, { api, out }: CommandContext): Promise<ExitCode> => {
  const prune = pruneLabels(flags.prune, flags.selector)
  const files = await readFiles(flags.file)
  const all: AppliedChange[] = []
  try {
    for await (const change of applyFiles(api, files, { prune, dryRun: true })) {
      all.push(change)
      if (!flags.json) await printDifference(out, change)
    }
  } catch (error) {
    // Exit code 1 is reserved for "differences".
    if (!(error instanceof CommandError) || error.exitCode !== FAILED) throw error
    throw new CommandError(error.message, { hint: error.hint, exitCode: WRONG_USE, code: error.code, cause: error })
  }
  if (flags.json) await out.json({ changes: all })
  return all.every(({ kind }) => kind === 'unchanged') ? DONE : FAILED
}
