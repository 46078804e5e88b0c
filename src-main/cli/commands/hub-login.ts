import { NodeSettingsView } from '@core/protocols/node-settings'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, WRONG_USE, type ExitCode } from '../exit-codes'

/** Saves a token for the model hub, read from standard input, in the node's settings. */
export const run = async ({ json }: CommonOptions, { api, out, terminal }: CommandContext): Promise<ExitCode> => {
  const hubToken = await terminal.secret('Token (it is not shown): ')
  if (hubToken === '')
    throw new CommandError('No token given', {
      hint: 'Create one on the access token page of your hub account, and give it on standard input.',
      exitCode: WRONG_USE,
    })
  await api.ask('/node/settings', NodeSettingsView, { method: 'PATCH', body: { hubToken } })
  if (json) await out.json({ saved: true })
  else await out.line('The token is saved. Downloads that waited for it continue.')
  return DONE
}
