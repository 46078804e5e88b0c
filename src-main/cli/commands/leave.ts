import { ClusterView } from '@core/protocols/cluster'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

/** Removes the node's machine from its cluster. */
export const run = async ({ json }: CommonOptions, { api, out }: CommandContext): Promise<ExitCode> => {
  const { nodeId } = await api.ask('/cluster', ClusterView)
  await api.tell(`/members/${nodeId}`, { method: 'DELETE' })
  if (json) await out.json({ left: true })
  else await out.line('This machine is a cluster of its own again.')
  return DONE
}
