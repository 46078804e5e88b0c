import type { State } from '@core/state/state'
import { followStates } from '../api/events'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { onEndSignal } from '../terminal/end-signals'
import type { Output, Piece } from '../terminal/output'
import { tableLines, type Column } from '../text/table'
import { bytesText } from '../text/units'
import { psColumns } from './ps-columns'
import { psRows } from './ps-rows'
import { topMachines, topRequests, type TopMachine } from './top-rows'

export interface TopOptions extends CommonOptions {
  readonly once: boolean
}

const EVERY_MS = 1000

const share = (load: number | undefined): string => (load === undefined ? '' : `${Math.round(100 * load)} %`)
const bytes = (count: number | undefined): string => (count === undefined ? '' : bytesText(count))

const MACHINES: readonly Column<TopMachine>[] = [
  {
    heading: 'MACHINE',
    cell: ({ name, connected }) => (connected ? name : { text: `${name} (away)`, style: 'red' }),
    cut: true,
  },
  { heading: 'CPU', cell: ({ cpuLoad }) => share(cpuLoad), align: 'right' },
  { heading: 'GPU', cell: ({ gpuLoad }) => share(gpuLoad), align: 'right', optional: true },
  {
    heading: 'TEMP',
    cell: ({ temperature }) => (temperature === undefined ? '' : `${Math.round(temperature)} °C`),
    align: 'right',
    optional: true,
  },
  { heading: 'MODELS', cell: ({ heldByRunnersBytes }) => bytes(heldByRunnersBytes), align: 'right' },
  { heading: 'FREE', cell: ({ memoryAvailableBytes }) => bytes(memoryAvailableBytes), align: 'right' },
  { heading: 'MEMORY', cell: ({ memoryTotalBytes }) => bytes(memoryTotalBytes), align: 'right', optional: true },
]

const screen = async (state: State, width: number | undefined): Promise<readonly (readonly Piece[])[]> => {
  const { running, queued, tokensPerSecond } = topRequests(state)
  const [machines, declared] = await Promise.all([
    tableLines(topMachines(state), MACHINES, width),
    tableLines(psRows(state), psColumns(Date.now()), width),
  ])
  const underWay = `${running} ${running === 1 ? 'request' : 'requests'} under way${queued === 0 ? '' : `, ${queued} queued`}`
  const requests = `${underWay}, ${tokensPerSecond.toFixed(1)} tokens/s in the last minute`
  return [[{ text: requests, style: 'bold' }], [''], ...machines, [''], ...declared]
}

const show = async (state: State, out: Output, json: boolean): Promise<void> => {
  if (json) return out.json({ ...topRequests(state), machines: topMachines(state), declarations: psRows(state) })
  const lines = await screen(state, out.columns)
  return out.isTerminal ? out.frame(lines) : out.lines(lines)
}

/**
 * Shows machines, declarations and requests, refreshed every second until Ctrl-C; once if the output is not a terminal.
 */
export const run = async ({ once, json }: TopOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const stop = new AbortController()
  const forget = onEndSignal(() => stop.abort())
  let latest: State | undefined
  let timer: NodeJS.Timeout | undefined
  let failure: Error | undefined
  const refresh = (): void => {
    if (!latest) return
    void show(latest, out, json).catch((error: unknown) => {
      failure ??= error instanceof Error ? error : new Error(String(error))
      stop.abort()
    })
  }
  try {
    for await (const state of followStates(api, { signal: stop.signal, onLost: (text) => err.line(text) })) {
      const first = latest === undefined
      latest = state
      if (!first) continue
      await show(state, out, json)
      if (once || (!out.isTerminal && !json)) break
      timer = setInterval(refresh, EVERY_MS)
    }
  } finally {
    clearInterval(timer)
    forget()
    stop.abort()
  }
  if (failure) throw failure
  return DONE
}
