import { NodeSettingsView } from '@core/protocols/node-settings'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

/** Removes the hub token from the node's settings. */
export const run = async ({ json }: CommonOptions, { api, out }: CommandContext): Promise<ExitCode> => {
  await api.ask('/node/settings', NodeSettingsView, { method: 'PATCH', body: { hubToken: null } })
  if (json) await out.json({ saved: false })
  else await out.line('The node has no saved token.')
  return DONE
}
