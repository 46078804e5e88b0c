import type { NodeId } from '@core/ids'
import { sleepLine } from '@core/power/keep-awake'
import { nodeName } from '@core/state/bindings'
import type { Node } from '@core/state/nodes'
import type { State } from '@core/state/state'
import { counted, type TrayEntry } from './tray-entry'

const gigabytes = (bytes: number): string => `${Math.round(bytes / 1e9)} GB`

const machineLine = (state: State, nodeId: NodeId, node: Node | undefined): string => {
  const name = nodeName(state, nodeId)
  if (node === undefined) return `${name} — away`
  const { ramAvailable, ramTotal } = node.memory
  return [
    `${name} — ${gigabytes(ramAvailable)} of ${gigabytes(ramTotal)} free`,
    ...(node.power ? [sleepLine(node.power)] : []),
  ].join(' · ')
}

/** The machines with their memory, behind one line that adds it up. */
export const machinesEntry = (state: State): TrayEntry[] => {
  const members = Object.values(state.members)
  if (members.length === 0) return []
  const free = Object.values(state.nodes).reduce((sum, { memory }) => sum + memory.ramAvailable, 0)
  return [
    {
      kind: 'submenu',
      label: `${counted(members.length, 'machine')} · ${gigabytes(free)} free`,
      entries: members.map(({ nodeId }) => ({
        kind: 'item',
        label: machineLine(state, nodeId, state.nodes[nodeId]),
        action: { do: 'open', page: 'cluster' },
      })),
    },
  ]
}

const timeLeft = (seconds: number): string =>
  seconds < 60 ? 'less than a minute left' : `${Math.ceil(seconds / 60)} min left`

/** Models on their way, each with how far it is. */
export const downloadEntries = (state: State, nameOf: (nodeId: NodeId) => string): TrayEntry[] =>
  Object.entries(state.downloads).flatMap(([nodeId, models]) =>
    Object.entries(models).flatMap(
      ([modelId, { status, downloadedBytes, totalBytes, bytesPerSecond }]): TrayEntry[] => {
        if (status !== 'Ongoing') return []
        const part = totalBytes > 0 ? downloadedBytes / totalBytes : 0
        const left = bytesPerSecond ? ` · ${timeLeft((totalBytes - downloadedBytes) / bytesPerSecond)}` : ''
        return [
          {
            kind: 'item',
            label: `${modelId} — ${Math.floor(100 * part)} % on ${nameOf(nodeId as NodeId)}${left}`,
            action: { do: 'open', page: 'models' },
          },
        ]
      },
    ),
  )
