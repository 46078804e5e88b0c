import type { Piece, Style } from '../terminal/output'
import type { Column } from '../text/table'
import { bytesText, durationText } from '../text/units'
import type { PsRow } from './ps-rows'

const styleOf = (status: string): Style | undefined => {
  if (status === 'READY' || status === 'RUNNING') return 'green'
  if (status === 'PLACEMENT_FAILED') return 'red'
  if (status === 'PAUSED' || status === 'OFF_HOURS') return 'dim'
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

/** Columns of the table of declarations. `now`: milliseconds since 1970. */
export const psColumns = (now: number): Column<PsRow>[] => [
  { heading: 'NAME', cell: ({ name, modelId }) => name ?? modelId, cut: true },
  { heading: 'STATUS', cell: statusPiece },
  {
    heading: 'REPLICAS',
    optional: true,
    cell: ({ replicas }) => (replicas ? `${replicas.ready}/${replicas.wanted}` : ''),
    align: 'right',
  },
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
  { heading: 'QUEUED', optional: true, cell: ({ queued }) => (queued === 0 ? '' : String(queued)), align: 'right' },
  { heading: 'DETAIL', optional: true, cell: ({ detail }) => detail, cut: true },
]
