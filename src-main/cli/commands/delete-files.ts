import { declarationOf } from '@core/declarations/names'
import { deleteDeclaration, readDeclarations } from '../api/declarations'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, declined, type ExitCode } from '../exit-codes'
import { readFiles } from '../files'
import { counted } from '../text/units'

export interface DeleteFlags extends CommonOptions {
  readonly file: readonly string[]
  readonly yes: boolean
  readonly dryRun: boolean
}

/** Deletes the declarations named in files; missing ones count as deleted. */
export const run = async (
  { file, yes, dryRun, json }: DeleteFlags,
  { api, out, err, terminal }: CommandContext,
): Promise<ExitCode> => {
  const files = await readFiles(file)
  const all = await readDeclarations(api)
  const named = files.flatMap(({ documents }) => documents.map(({ name }) => declarationOf(all, name)))
  const known = [...new Set(named.filter((one) => one !== undefined))]
  const list = known.map(({ name, metaInstanceId }) => name ?? metaInstanceId).join(', ')
  if (
    known.length > 0 &&
    !yes &&
    !dryRun &&
    !(await terminal.confirm(`Remove ${counted(known.length, 'declaration')}: ${list}?`))
  )
    throw declined('Nothing was changed.')
  for (const { metaInstanceId, name } of known) {
    if (!dryRun) await deleteDeclaration(api, metaInstanceId)
    if (!json) await out.line(`${name ?? metaInstanceId}: removed${dryRun ? ' (dry run)' : ''}`)
  }
  if (json) await out.json({ dryRun, removed: known.map(({ metaInstanceId: id, name }) => ({ id, name })) })
  else if (known.length === 0) await err.line('None of them is declared.')
  return DONE
}
