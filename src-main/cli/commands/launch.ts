import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readServed, type ServedModel } from '../api/served'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, NOT_FOUND, NO_PROGRAM, WRONG_USE, type ExitCode, DONE } from '../exit-codes'
import { nameBy } from '../names'
import type { Tool } from './launch-names'
import { launchOf, launchScript, type Launch } from './launch-tools'

export interface LaunchOptions extends CommonOptions {
  readonly tool: Tool
  /** Arguments passed to the tool. */
  readonly args: readonly string[]
  readonly model?: string | undefined
  /** Print the configuration without starting the tool. */
  readonly print: boolean
}

const isServing = ({ state }: ServedModel): boolean => state === 'READY' || state === 'RUNNING'

/** The model for the tool: the given one, else the only one that is ready. Throws CommandError. */
const modelToLaunch = (served: readonly ServedModel[], given: string | undefined): string => {
  const names = served.map(({ id }) => id)
  if (given !== undefined) return nameBy(names, given)
  const ready = served.filter(isServing)
  if (new Set(ready.map(({ modelId }) => modelId)).size > 1)
    throw new CommandError(`Several models are ready: ${ready.map(({ id }) => id).join(', ')}`, {
      hint: 'Choose one with --model.',
      exitCode: WRONG_USE,
    })
  // Prefer a declaration's name, because it stays when its model changes.
  const best = ready.find(({ id, modelId }) => id !== modelId) ?? ready[0]
  if (best) return best.id
  throw new CommandError('No model is ready', {
    hint: 'Name one with --model; `muster run --keep MODEL` declares one.',
    exitCode: NOT_FOUND,
  })
}

/** Runs the tool in this terminal and resolves with its exit code. */
const start = async ({ command, args, env, unset }: Launch, more: readonly string[]): Promise<number> => {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !unset.includes(name)))
  const child = spawn(command, [...args, ...more], { stdio: 'inherit', env: { ...inherited, ...env } })
  // Ctrl-C reaches both processes; only the tool handles it.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? 1
  } catch (cause) {
    throw new CommandError(`${command} cannot be started`, {
      hint: `Install ${command}, or check that it is on the PATH. --print shows what would be set.`,
      exitCode: NO_PROGRAM,
      cause,
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}

/** Starts a coding tool with this cluster's models. */
export const run = async (
  { tool, args, model: given, print, json }: LaunchOptions,
  { api, out }: CommandContext,
): Promise<ExitCode | number> => {
  const served = await readServed(api)
  const model = modelToLaunch(served, given)
  const launch = launchOf(tool, { address: api.address, key: api.key, model, models: served.map(({ id }) => id) })
  if (json) await out.json({ ...launch, args: [...launch.args, ...args], model })
  else if (print) await out.lines(launchScript(launch, args).map((line) => [line]))
  else return start(launch, args)
  return DONE
}
