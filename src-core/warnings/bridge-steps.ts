import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { asAdministrator, releaseCommands } from './bridge-commands'
import { bridgedPorts } from './bridged-ports'
import type { CodedStep } from './warning'

/**
 * Returns the steps that take the machines' ports out of their bridges: with commands now, and permanently in the
 * settings.
 */
export const bridgeSteps = (state: State, nodeIds: readonly NodeId[]): CodedStep[] => [
  ...nodeIds.flatMap((nodeId): CodedStep[] => {
    const commands = bridgedPorts(state, nodeId).flatMap((ports) => asAdministrator(releaseCommands(ports)))
    return commands.length === 0
      ? []
      : [{ text: coded('alerts.bridge.terminal', { name: nodeName(state, nodeId) }), commands }]
  }),
  { text: coded('alerts.bridge.settings') },
]
