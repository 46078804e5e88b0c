import { machineReason, OLDEST_MACOS } from '../rdma/machine'
import { nodeName } from '../state/bindings'
import { rdmaWanted } from './rdma-wanted'
import type { Family, Found } from './warning'

/** How RDMA is switched on. */
export const ENABLE_RDMA: Found['fix'] = [
  {
    text: 'Shut that Mac down. Start it again and keep the power button pressed until “Loading startup options” shows (a MacBook: the Touch ID button).',
  },
  { text: 'Choose Options → Continue, then Utilities → Terminal in the menu bar.' },
  { text: 'There, in Recovery (it cannot be done from macOS itself):', commands: ['rdma_ctl enable'] },
  { text: 'Restart from the Apple menu.' },
  { text: 'To check, in Terminal: it should say “enabled”.', commands: ['rdma_ctl status'] },
]

/** RDMA is switched off when a Mac is new; an older macOS has none. */
export const rdmaOffFamily: Family = (state) =>
  [...rdmaWanted(state)].flatMap(([nodeId, severity]): Found[] => {
    const node = state.nodes[nodeId]
    const reason = machineReason(state, nodeId)
    if (!node || !reason) return []
    const name = nodeName(state, nodeId)
    const where: Pick<Found, 'subject' | 'nodeIds' | 'severity'> = {
      subject: { kind: 'node', nodeId },
      nodeIds: [nodeId],
      severity,
    }
    switch (reason.code) {
      case 'not_enabled':
        return [
          {
            ...where,
            id: `rdma-disabled ${nodeId}`,
            code: 'rdma-disabled',
            title: `RDMA is not enabled on ${name}.`,
            cause: 'macOS ships with RDMA over Thunderbolt switched off, and it can be switched on only in Recovery.',
            fix: ENABLE_RDMA,
          },
        ]
      case 'macos_too_old':
      case 'unavailable':
        return [
          {
            ...where,
            id: `rdma-unavailable ${nodeId} ${node.os.version ?? node.os.name}`,
            code: 'rdma-unavailable',
            title: `The macOS on ${name} has no RDMA.`,
            cause: `RDMA over Thunderbolt comes with macOS ${OLDEST_MACOS}; ${name} has ${node.os.name}${reason.code === 'unavailable' ? ', and rdma_ctl is not there' : ''}.`,
            fix: [
              { text: `Update macOS on ${name}: System Settings → General → Software Update.` },
              { text: 'Then enable RDMA in Recovery; Muster says how when it is time.' },
            ],
          },
        ]
      // Others speak of that, or there is nothing to do about it.
      default:
        return []
    }
  })
