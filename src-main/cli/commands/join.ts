import { setTimeout as wait } from 'node:timers/promises'
import { ClusterView } from '@core/protocols/cluster'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, type ExitCode } from '../exit-codes'

const POLL_MS = 300
/** Start of a token of this or a later version. A name such as `muster-studio` is not a token. */
const TOKEN = /^\s*muster\d+\./

/** Joins a cluster by token, or by address with digits to compare. Throws CommandError if joining fails. */
export const run = async (
  { where, json }: CommonOptions & { readonly where: string },
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const how = TOKEN.test(where) ? { token: where } : { address: where }
  await api.ask('/cluster/join', ClusterView, { method: 'POST', body: how })
  for (let shown = ''; ;) {
    const { joining, members, clusterId } = await api.ask('/cluster', ClusterView)
    switch (joining?.state) {
      case 'waiting':
        if (shown !== joining.digits)
          await err.line(
            `A user must accept this machine at ${joining.friendlyName}. Check that it shows the same digits: ${joining.digits}`,
          )
        shown = joining.digits
        break
      case 'joined':
        if (json) await out.json({ clusterId, members: members.map(({ nodeId }) => nodeId) })
        else await out.line('This machine is a member now.')
        return DONE
      case 'failed':
        throw new CommandError(joining.reason, { hint: joining.hint })
      case 'asking':
        if (shown === '') await err.line('Waiting for the other machine to answer …')
        shown ||= 'asking'
        break
      case undefined:
        throw new CommandError('Joining was cancelled')
    }
    await wait(POLL_MS)
  }
}
