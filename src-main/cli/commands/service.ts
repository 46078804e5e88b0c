import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { removeFile } from '../../disk/removal'
import { replaceFile } from '../../disk/replace-file'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, FAILED, NOT_FOUND, type ExitCode } from '../exit-codes'
import { isInstalledApp } from '../installed-app'
import type { ServiceCommand, ServiceDefinition, ServiceManager } from '../service/definition'
import { keptEnvironment } from '../service/environment'
import { lastingPath } from '../service/lasting-path'
import { launchd } from '../service/launchd'
import { serveWords } from '../service/serve-words'
import { systemd } from '../service/systemd'
import { homeFolder } from '../../settings/data-dir'

export interface ServiceFlags extends CommonOptions {
  readonly action: 'install' | 'uninstall' | 'status' | 'restart'
  readonly system: boolean
  /** Options passed to `muster serve`. */
  readonly serve: readonly string[]
}

const runFile = promisify(execFile)

/** Everybody may ask whether a system service is installed. */
const READABLE = { mode: 0o644 }

const managerHere = (system: boolean): ServiceManager => {
  if (isInstalledApp())
    throw new CommandError('The app’s command line cannot be a service: the app needs a display', {
      hint: 'The app itself keeps a node running, from login on if you want (Settings). On a machine without a display, install Muster from npm.',
    })
  const { uid: userId, username: userName } = userInfo()
  const home = homeFolder()
  switch (process.platform) {
    case 'darwin':
      return launchd({ system, home, userId })
    case 'linux':
      return systemd({ system, home, userName })
    default:
      throw new CommandError(`Services are not supported on ${process.platform}`, {
        hint: 'Run `muster serve` with the service manager of this system.',
      })
  }
}

const definitionOf = ({ system, serve }: ServiceFlags): ServiceDefinition => {
  const { env } = process
  const script = resolve(process.argv[1] ?? '')
  return {
    program: lastingPath(process.execPath, realpathSync),
    args: [script, 'serve', ...serveWords(serve, process.cwd())],
    env: {
      PATH: env['PATH'] ?? '/usr/bin:/bin',
      ...keptEnvironment(env, process.cwd()),
      // The Electron binary acts as Node only with this variable.
      ...(process.versions['electron'] !== undefined && { ELECTRON_RUN_AS_NODE: '1' }),
    },
    // The owner of the data: under sudo, the user who called it.
    ...(system && { user: env['SUDO_USER'] ?? userInfo().username }),
  }
}

const attempt = async ({ program, args }: ServiceCommand): Promise<string | undefined> => {
  try {
    await runFile(program, [...args])
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    const printed = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : ''
    return printed || error.message
  }
}

const carryOut = async (command: ServiceCommand): Promise<void> => {
  const problem = await attempt(command)
  if (problem === undefined || command.optional) return
  throw new CommandError(`${[command.program, ...command.args].join(' ')}: ${problem}`, { hint: command.hint })
}

const writing = (path: string) => (cause: unknown) => {
  throw new CommandError(`${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'A system service needs root: run it with sudo.',
    cause,
  })
}

/** Restores the earlier definition if the service manager rejects the new one. */
const asItWas = (path: string, before: string | undefined) => async (cause: unknown) => {
  await (before === undefined ? removeFile(dirname(path), basename(path)) : replaceFile(path, before, READABLE))
  throw cause
}

const notInstalled = ({ system }: ServiceFlags, path: string): CommandError =>
  new CommandError('Muster is not installed as a service', {
    hint: `There is no ${path}${system ? '' : '; for a system service add --system'}.`,
    exitCode: NOT_FOUND,
  })

/** Installs and controls the system service that runs a node from boot or login on and restarts it when it ends. */
export const run = async (flags: ServiceFlags, { out }: CommandContext): Promise<ExitCode> => {
  const { action, system, json } = flags
  const manager = managerHere(system)
  const { path } = manager
  const installed = await readFile(path, 'utf8').catch(() => undefined)
  switch (action) {
    case 'install': {
      const text = manager.text(definitionOf(flags))
      await mkdir(dirname(path), { recursive: true }).catch(writing(path))
      await replaceFile(path, text, READABLE).catch(writing(path))
      for (const command of manager.install) await carryOut(command).catch(asItWas(path, installed))
      if (json) await out.json({ installed: true, path, logs: manager.logs })
      else await out.lines([[`Muster runs as a service, ${manager.when}.`], [`Its log: ${manager.logs}`]])
      return DONE
    }
    case 'restart':
      if (installed === undefined) throw notInstalled(flags, path)
      await carryOut(manager.restart)
      if (json) await out.json({ restarted: true, path })
      else await out.line('Muster restarts once running answers are complete. Its models stay in memory.')
      return DONE
    case 'uninstall':
      if (installed === undefined) throw notInstalled(flags, path)
      for (const command of manager.uninstall) await carryOut(command)
      await removeFile(dirname(path), basename(path))
      if (json) await out.json({ installed: false, path })
      else await out.line('Muster is no longer a service. Its data folder is kept.')
      return DONE
    case 'status': {
      const problem = installed === undefined ? 'not installed' : await attempt(manager.status)
      const running = problem === undefined
      if (json) await out.json({ installed: installed !== undefined, running, path })
      else if (running) await out.line(`Running, ${manager.when}. Its log: ${manager.logs}`)
      else
        await out.line(
          installed === undefined ? 'Not installed.' : `Installed, but not running. Its log: ${manager.logs}`,
        )
      return running ? DONE : FAILED
    }
  }
}
