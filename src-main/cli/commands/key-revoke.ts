import { findKey, revokeKey } from '../api/keys'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, declined, type ExitCode } from '../exit-codes'

/** Revokes an API key after confirmation; its clients are refused from then on. */
export const run = async (
  { name, yes, json }: CommonOptions & { readonly name: string; readonly yes: boolean },
  { api, out, terminal }: CommandContext,
): Promise<ExitCode> => {
  const key = await findKey(api, name)
  if (!yes && !(await terminal.confirm(`Revoke the key ${key.name}? Its usage is deleted with it.`)))
    throw declined('Nothing was revoked.')
  await revokeKey(api, key)
  if (json) await out.json({ apiKeyId: key.apiKeyId, revoked: true })
  else await out.line(`${key.name} is revoked.`)
  return DONE
}
