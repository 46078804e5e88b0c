import { InviteAnswer } from '@core/protocols/cluster'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { timeText } from '../text/units'

/** Prints a token that admits one machine. */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const { token, expiresAt } = await api.ask('/cluster/invite', InviteAnswer, { method: 'POST', body: {} })
  if (json) await out.json({ token, expiresAt })
  else {
    await out.line(token)
    await err.line(`On the other machine: muster join TOKEN. It works once, until ${timeText(expiresAt)}.`)
  }
  return DONE
}
