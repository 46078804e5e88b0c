import { deleteDeclaration, findDeclaration } from '../api/declarations'
import type { CommandContext } from '../context'
import { DONE, declined, type ExitCode } from '../exit-codes'
import type { NamedOptions } from './declaration-change'

export interface StopOptions extends NamedOptions {
  readonly yes: boolean
}

/** Unloads a model that was loaded on request; deletes a permanent declaration only after confirmation. */
export const run = async (
  { name, yes, json }: StopOptions,
  { api, out, terminal }: CommandContext,
): Promise<ExitCode> => {
  const known = await findDeclaration(api, name)
  const { metaInstanceId: id, modelId, onRequest } = known
  const label = known.name ?? modelId
  if (!onRequest && !yes && !(await terminal.confirm(`${label} has a declaration. Remove the declaration?`)))
    throw declined('Nothing was changed. `muster pause` unloads it and keeps the declaration.')
  await deleteDeclaration(api, id)
  if (json) await out.json({ id, modelId, stopped: true })
  else await out.line(`${label} is ended.`)
  return DONE
}
