import { NodeApi } from './api/node-api'
import type { CommandContext } from './context'
import { outputTo } from './terminal/output'
import { processTerminal } from './terminal/terminal'

export interface NodeFlags {
  readonly url?: string
  readonly key?: string
}

/** Builds a command's context in its own process. Throws CommandError for an invalid address. */
export const openContext = ({ url, key }: NodeFlags): CommandContext => {
  const [out, err] = [outputTo(process.stdout), outputTo(process.stderr)]
  let hasPrinted = false
  const onWaiting = (text: string | undefined): void => {
    if (text === undefined) void err.clearStatus()
    else if (err.isTerminal) void err.status(text)
    else if (!hasPrinted) void err.line(text)
    hasPrinted = true
  }
  return { api: new NodeApi({ url, key, onWaiting }), out, err, terminal: processTerminal(err) }
}
