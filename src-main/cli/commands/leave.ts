import { ClusterView } from '@core/protocols/cluster'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, declined, type ExitCode } from '../exit-codes'

/** Removes the node's machine from its cluster, after confirmation. */
export const run = async (
  { yes, json }: CommonOptions & { readonly yes: boolean },
  { api, out, terminal }: CommandContext,
): Promise<ExitCode> => {
  const { nodeId, members, name } = await api.ask('/cluster', ClusterView)
  const others = members.length - 1
  if (others === 0)
    throw new CommandError('This machine is the only member of its cluster', {
      hint: '`muster join` joins another cluster.',
    })
  const whom = others === 1 ? 'the other machine' : `the ${others} other machines`
  const question = `Leave the cluster ${name}? Its declarations stay with ${whom}.`
  if (!yes && !(await terminal.confirm(question))) throw declined('Nothing was changed.')
  await api.tell(`/members/${nodeId}`, { method: 'DELETE' })
  if (json) await out.json({ left: true })
  else await out.line('This machine is a cluster of its own again.')
  return DONE
}
