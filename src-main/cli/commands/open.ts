import { spawn } from 'node:child_process'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

export interface OpenOptions extends CommonOptions {
  /** Print the address without opening it. */
  readonly print: boolean
}

/** The system's command that opens a URL. */
const opener = (platform: NodeJS.Platform): string => (platform === 'darwin' ? 'open' : 'xdg-open')

/** Opens the app in a browser once the node answers; always prints its address. */
export const run = async (
  { print, json }: OpenOptions,
  { api, out, err, terminal }: CommandContext,
): Promise<ExitCode> => {
  await api.tell('/events/recent?last=0')
  const url = `${api.address}/`
  if (json) await out.json({ url })
  else await out.line(url)
  if (print || json || !terminal.interactive) return DONE
  const child = spawn(opener(process.platform), [url], { stdio: 'ignore', detached: true })
  await new Promise<void>((resolve) => {
    child.once('spawn', resolve)
    child.once('error', () => {
      void err.line('Can’t open a browser here: open the address yourself.').then(resolve)
    })
  })
  child.unref()
  return DONE
}
