import { createKey } from '../api/keys'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

export interface KeyCreateOptions extends CommonOptions {
  readonly name: string
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
  readonly concurrent?: number | undefined
}

/** Creates an API key and prints it once, on standard output for use in scripts. */
export const run = async (
  { name, json, requestsPerMinute, tokensPerMinute, concurrent }: KeyCreateOptions,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const limits = {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(concurrent !== undefined && { concurrent }),
  }
  const created = await createKey(api, { name, limits })
  if (json) await out.json(created)
  else {
    await out.line(created.key)
    await err.line('Store it now: it is shown only once.')
  }
  return DONE
}
