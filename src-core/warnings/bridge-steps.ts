import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { asAdministrator, releaseCommands } from './bridge-commands'
import { bridgedPorts } from './bridged-ports'
import type { FixStep } from './warning'

/** How the ports of some machines come out of their bridges: now by commands, and for good in the settings. */
export const bridgeSteps = (state: State, nodeIds: readonly NodeId[]): FixStep[] => [
  ...nodeIds.flatMap((nodeId): FixStep[] => {
    const commands = bridgedPorts(state, nodeId).flatMap((ports) => asAdministrator(releaseCommands(ports)))
    return commands.length === 0
      ? []
      : [{ text: `On ${nodeName(state, nodeId)}, in Terminal. It lasts until that Mac restarts.`, commands }]
  }),
  {
    text: 'To keep them out after a restart: System Settings → Network → Thunderbolt Bridge → Make Inactive, or take the ports out of it under … → Manage Virtual Interfaces.',
  },
]
