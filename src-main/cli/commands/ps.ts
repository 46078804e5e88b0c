import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import type { Piece, Style } from '../terminal/output'
import { printTable, type Column } from '../text/table'
import { bytesText, durationText } from '../text/units'
import { psRows, type PsRow } from './ps-rows'

const styleOf = (status: string): Style | undefined => {
  if (status === 'READY' || status === 'RUNNING') return 'green'
  if (status === 'PLACEMENT_FAILED') return 'red'
  if (status === 'PAUSED') return 'dim'
  return 'yellow'
}

const statusPiece = ({ status }: PsRow): Piece => {
  const style = styleOf(status)
  return style ? { text: status, style } : status
}

/** `always`, `on request, 4 min left`. */
const lifetimeText = ({ lifetime, endsAt }: PsRow, now: number): string => {
  const words = lifetime.replace('-', ' ')
  return endsAt === undefined ? words : `${words}, ${durationText((endsAt - now) / 1000)} left`
}

const columns = (now: number): Column<PsRow>[] => [
  { heading: 'NAME', cell: ({ name, modelId }) => name ?? modelId, cut: true },
  { heading: 'STATUS', cell: statusPiece },
  { heading: 'KEPT', optional: true, cell: (row) => lifetimeText(row, now) },
  {
    heading: 'MEMORY',
    optional: true,
    cell: ({ memoryBytes }) => (memoryBytes === 0 ? '' : bytesText(memoryBytes)),
    align: 'right',
  },
  {
    heading: 'TOK/S',
    optional: true,
    cell: ({ tokensPerSecond }) => tokensPerSecond?.toFixed(1) ?? '',
    align: 'right',
  },
  { heading: 'BUSY', optional: true, cell: ({ requests }) => (requests === 0 ? '' : String(requests)), align: 'right' },
  { heading: 'DETAIL', optional: true, cell: ({ detail }) => detail, cut: true },
]

/** What is declared, and what runs where. */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const rows = psRows(await readState(api))
  if (json) await out.json({ declarations: rows })
  else {
    if (rows.length > 0) await printTable(out, rows, columns(Date.now()))
    else await err.line('Nothing is declared. `muster run MODEL` starts one, `muster ls` lists them.')
  }
  return DONE
}
