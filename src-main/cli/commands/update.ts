import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { promisify } from 'node:util'
import { version } from '../../version'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, FAILED, NOT_FOUND, type ExitCode } from '../exit-codes'
import { installationOf, updateCommand } from '../installation'
import { isInstalledApp } from '../installed-app'

export interface UpdateFlags extends CommonOptions {
  /** File, address or specification of the package, for npm. */
  readonly package?: string | undefined
  readonly dryRun: boolean
}

/** Runs a package manager, with its output on standard error. Resolves with its exit code. */
const runManager = async (program: string, args: readonly string[]): Promise<number> => {
  const child = spawn(program, [...args], { stdio: ['inherit', process.stderr, 'inherit'] })
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? FAILED
  } catch (cause) {
    throw new CommandError(`${program} cannot be started`, { hint: `Is ${program} on the PATH?`, cause })
  }
}

/**
 * Installs another version in the way this one was installed. Then restarts the service, if there is one, without
 * unloading its models, by calling the new version's own command.
 */
export const run = async (flags: UpdateFlags, { out, err }: CommandContext): Promise<ExitCode> => {
  const script = await realpath(process.argv[1] ?? '')
  const command = updateCommand(installationOf(script, isInstalledApp()), flags.package)
  if ('problem' in command) throw new CommandError(command.problem, { hint: command.hint })
  const { program, args } = command
  if (flags.dryRun) {
    if (flags.json) await out.json({ program, args })
    else await out.line([program, ...args].join(' '))
    return DONE
  }
  const code = await runManager(program, args)
  if (code !== 0)
    throw new CommandError(`${program} exited with ${code}; version ${version} is unchanged`, {
      hint: 'See its output above.',
    })
  const muster = (...words: readonly string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [process.argv[1] ?? '', ...words])
  const after = (await muster('--version')).stdout.trim()
  const restarted =
    after !== version &&
    (await muster('service', 'restart').then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return false
        throw error
      },
    ))
  if (flags.json) await out.json({ before: version, after, restarted })
  else if (after === version) await out.line(`Version ${version} is installed already.`)
  else {
    await out.line(`Version ${after} is installed; it was ${version}.`)
    if (restarted)
      await out.line('The service restarts with it once running answers are complete. Its models stay in memory.')
    else await err.line('No service of this user: restart running nodes yourself, see docs/upgrades.md.')
  }
  return DONE
}
