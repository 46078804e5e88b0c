import { NodeId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import type { Download } from '@core/state/downloads'
import type { State } from '@core/state/state'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { printTable, type Column } from '../text/table'
import { downloadText } from './download-text'

/** One line of `muster downloads`, and one entry of its JSON. Its fields are documented in docs/cli.md. */
export interface DownloadRow {
  readonly modelId: string
  readonly nodeId: string
  readonly machine: string
  readonly status: 'waiting' | 'paused' | 'downloading' | 'interrupted'
  readonly downloadedBytes: number
  readonly totalBytes: number
  readonly bytesPerSecond?: number | undefined
  /** Why it was interrupted; the node retries. */
  readonly error?: string | undefined
}

const statusOf = ({ status, paused }: Download): DownloadRow['status'] | undefined => {
  switch (status) {
    case 'Pending':
      return paused ? 'paused' : 'waiting'
    case 'Ongoing':
      return 'downloading'
    case 'Failed':
      return 'interrupted'
    case 'Complete':
      return undefined
  }
}

/** Downloads on all reachable machines, by model and machine. */
const downloadRows = (state: State): DownloadRow[] =>
  Object.entries(state.downloads)
    .flatMap(([nodeId, models]) =>
      Object.entries(models).flatMap(([modelId, download]): DownloadRow[] => {
        const status = statusOf(download)
        if (status === undefined) return []
        const { downloadedBytes, totalBytes, bytesPerSecond, error } = download
        const machine = nodeName(state, NodeId.parse(nodeId))
        return [{ modelId, nodeId, machine, status, downloadedBytes, totalBytes, bytesPerSecond, error }]
      }),
    )
    .sort((a, b) => (`${a.modelId} ${a.machine}` < `${b.modelId} ${b.machine}` ? -1 : 1))

const COLUMNS: readonly Column<DownloadRow>[] = [
  { heading: 'MODEL', cell: ({ modelId }) => modelId, cut: true },
  { heading: 'TO', cell: ({ machine }) => machine },
  { heading: 'STATE', cell: ({ status }) => status },
  {
    heading: 'PROGRESS',
    optional: true,
    cut: true,
    cell: (row) =>
      row.error === undefined ? downloadText(row) : { text: `${downloadText(row)}: ${row.error}`, style: 'red' },
  },
]

/** Lists downloads in progress on the cluster. */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const rows = downloadRows(await readState(api))
  if (json) await out.json({ downloads: rows })
  else if (rows.length > 0) await printTable(out, rows, COLUMNS)
  else await err.line('No downloads. `muster pull OWNER/NAME` downloads a model.')
  return DONE
}
