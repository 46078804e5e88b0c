import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { asAdministrator, releaseCommands } from './bridge-commands'
import { bridgedPorts } from './bridged-ports'
import type { CodedStep } from './warning'

/** How the ports of some machines come out of their bridges: now by commands, and for good in the settings. */
export const bridgeSteps = (state: State, nodeIds: readonly NodeId[]): CodedStep[] => [
  ...nodeIds.flatMap((nodeId): CodedStep[] => {
    const commands = bridgedPorts(state, nodeId).flatMap((ports) => asAdministrator(releaseCommands(ports)))
    return commands.length === 0
      ? []
      : [{ text: coded('alerts.bridge.terminal', { name: nodeName(state, nodeId) }), commands }]
  }),
  { text: coded('alerts.bridge.settings') },
]
