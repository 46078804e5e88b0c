import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { cli, required } from './paths'

export interface Ended {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

export interface MusterOptions {
  readonly url: string
  /** Standard input; none by default. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** A clean environment, without the caller's variables. */
export const musterEnvironment = ({ url, env }: Pick<MusterOptions, 'url' | 'env'>): NodeJS.ProcessEnv => ({
  ...process.env,
  MUSTER_URL: url,
  MUSTER_API_KEY: undefined,
  NO_COLOR: undefined,
  ...env,
})

/** Without what commands print while a node is slow to answer, which may happen on a busy machine. */
export const withoutWaiting = (err: string): string => err.replaceAll(/^Waiting for the (node at|model) .*\n/gm, '')

/** Runs the built command line as a script does: no terminal. */
export const muster = async (options: MusterOptions, ...args: string[]): Promise<Ended> => {
  const { input } = options
  const child = spawn(process.execPath, [required(cli, 'run `npm run build`'), ...args], {
    env: musterEnvironment(options),
    stdio: 'pipe',
  })
  child.stdin.end(input ?? '')
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { out, err: withoutWaiting(err), code: code as number | null }
}
