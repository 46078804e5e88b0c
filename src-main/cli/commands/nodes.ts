import { ClusterView } from '@core/protocols/cluster'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { printTable, type Column } from '../text/table'
import { bytesText } from '../text/units'
import { nodesRows, type NodesRow } from './nodes-rows'

const bytesOrNothing = (bytes: number | undefined): string => (bytes === undefined ? '' : bytesText(bytes))

const COLUMNS: readonly Column<NodesRow>[] = [
  { heading: 'NAME', cell: ({ name }) => name, cut: true },
  { heading: 'ID', optional: true, cell: ({ nodeId }) => nodeId.slice(0, 8) },
  {
    heading: 'STATE',
    cell: ({ state, master }) => ({
      text: master ? `${state}, master` : state,
      style: state === 'away' ? 'red' : 'green',
    }),
  },
  { heading: 'CHIP', optional: true, cell: ({ chip }) => chip ?? '', cut: true },
  { heading: 'MEMORY', cell: ({ memoryTotalBytes }) => bytesOrNothing(memoryTotalBytes), align: 'right' },
  {
    heading: 'AVAILABLE',
    optional: true,
    cell: ({ memoryAvailableBytes }) => bytesOrNothing(memoryAvailableBytes),
    align: 'right',
  },
  { heading: 'DISK FREE', optional: true, cell: ({ diskFreeBytes }) => bytesOrNothing(diskFreeBytes), align: 'right' },
  { heading: 'MODELS', optional: true, cell: ({ instances }) => String(instances), align: 'right' },
  // Versions differ while machines are updated one after the other.
  { heading: 'VERSION', optional: true, cell: ({ version }) => version ?? '' },
  { heading: 'PROBLEM', optional: true, cell: ({ problem = '' }) => ({ text: problem, style: 'red' }), cut: true },
]

/** Lists the machines of the cluster. */
export const run = async ({ json }: CommonOptions, { api, out }: CommandContext): Promise<ExitCode> => {
  const [state, view] = await Promise.all([readState(api), api.ask('/cluster', ClusterView)])
  const rows = nodesRows(state, view)
  if (json) await out.json({ clusterId: view.clusterId, name: view.name, nodes: rows })
  else await printTable(out, rows, COLUMNS)
  return DONE
}
