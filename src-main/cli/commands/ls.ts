import { readModels } from '../api/models'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import type { Piece } from '../terminal/output'
import { printTable, type Column } from '../text/table'
import { bytesText } from '../text/units'
import { lsRows, type LsRow } from './ls-rows'

const whereText = ({ machines }: LsRow): string =>
  machines
    .map(({ name, complete, downloadedBytes }) => (complete ? name : `${name} (${bytesText(downloadedBytes)} so far)`))
    .join(', ')

const statePiece = ({ problem, statuses }: LsRow): Piece =>
  problem === undefined ? statuses.join(', ') : { text: problem, style: 'red' }

const COLUMNS: readonly Column<LsRow>[] = [
  { heading: 'MODEL', cell: ({ modelId }) => modelId, cut: true },
  { heading: 'SIZE', cell: ({ sizeBytes }) => (sizeBytes === undefined ? '' : bytesText(sizeBytes)), align: 'right' },
  {
    heading: 'FORMAT',
    optional: true,
    cell: ({ quantization, kind }) => (kind === 'embedding' || kind === 'adapter' ? kind : (quantization ?? '')),
  },
  { heading: 'ON', optional: true, cell: whereText, cut: true },
  { heading: 'STATE', optional: true, cell: statePiece, cut: true },
]

/** Lists the models on the cluster's disks. */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const [state, models] = await Promise.all([readState(api), readModels(api)])
  const rows = lsRows(state, models)
  if (json) await out.json({ models: rows })
  else {
    if (rows.length > 0) await printTable(out, rows, COLUMNS)
    else await err.line('There are no models on disk. `muster pull OWNER/NAME` downloads one.')
  }
  return DONE
}
