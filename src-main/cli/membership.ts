import { ClusterView, InviteAnswer } from '@core/protocols/control'
import { askNode, RemoteError, type RemoteFlags, type Streams } from './remote'

const LOOK_EVERY_MS = 300

export const invite = async (flags: RemoteFlags, { out, error }: Streams): Promise<number> => {
  const { token, expiresAt } = InviteAnswer.parse(await askNode(flags, '/cluster/invite', { method: 'POST', body: {} }))
  if (flags.json) await out(`${JSON.stringify({ token, expiresAt })}\n`)
  else {
    await out(`${token}\n`)
    error(
      `On the other machine: muster join TOKEN. It works once, until ${new Date(expiresAt).toLocaleTimeString()}.\n`,
    )
  }
  return 0
}

/** Joins by a token, or asks at an address and shows the digits to compare. Exit code 1 where it came to nothing. */
export const join = async (where: string, flags: RemoteFlags, { out, error }: Streams): Promise<number> => {
  const how = where.startsWith('muster') ? { token: where } : { address: where }
  await askNode(flags, '/cluster/join', { method: 'POST', body: how })
  for (let shown = ''; ;) {
    const { joining, members, clusterId } = ClusterView.parse(await askNode(flags, '/cluster'))
    switch (joining?.state) {
      case 'waiting':
        if (shown !== joining.digits)
          error(
            `${joining.friendlyName} has to let this machine in. Check that it shows the same digits: ${joining.digits}\n`,
          )
        shown = joining.digits
        break
      case 'joined':
        if (flags.json) await out(`${JSON.stringify({ clusterId, members: members.map(({ nodeId }) => nodeId) })}\n`)
        else await out('This machine is a member now.\n')
        return 0
      case 'failed':
        throw new RemoteError(joining.reason, joining.hint)
      case 'asking':
        break
      case undefined:
        throw new RemoteError('The joining was given up')
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

export const leave = async (flags: RemoteFlags, { out }: Streams): Promise<number> => {
  const { nodeId } = ClusterView.parse(await askNode(flags, '/cluster'))
  await askNode(flags, `/members/${nodeId}`, { method: 'DELETE' })
  await out(flags.json ? '{"left":true}\n' : 'This machine is on its own again.\n')
  return 0
}
