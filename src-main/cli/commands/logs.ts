import { formatForTerminal } from '../../logging/terminal-format'
import { followLog, readLog } from '../api/node-log'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import type { Output, Piece, Style } from '../terminal/output'

export interface LogsOptions extends CommonOptions {
  readonly follow: boolean
  readonly lines: number
}

const STYLES: Readonly<Record<string, Style>> = { warn: 'yellow', error: 'red', debug: 'dim' }

/** Formats a log line; a line that is not JSON (the disk was full, for example) stays as it is. */
const pieceOf = (line: string): Piece => {
  try {
    const text = formatForTerminal(line, { colour: false }).trimEnd()
    const style = STYLES[/"level":"(\w+)"/.exec(line)?.[1] ?? '']
    return style ? { text, style } : text
  } catch {
    return line
  }
}

const print = async (out: Output, line: string, json: boolean): Promise<void> => {
  if (!json) return out.line(pieceOf(line))
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return
  }
  await out.json(value)
}

/** Prints the end of the node's log, and with `follow` new lines, across restarts. JSON: the raw lines. */
export const run = async (
  { follow, lines, json }: LogsOptions,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  if (!follow) for (const line of await readLog(api, lines)) await print(out, line, json)
  else
    for await (const line of followLog(api, { lines, onLost: (text) => err.line(text) })) await print(out, line, json)
  return DONE
}
