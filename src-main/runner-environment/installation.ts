import { join } from 'node:path'

/** The Python versions for which MLX has ready-made packages, as uv reads it. */
const PYTHON_VERSIONS = '>=3.11,<3.15'

export interface InstallationPlaces {
  /** The uv that came with the app. */
  readonly uv: string
  /** Pinned packages with their hashes, as uv and pip read them. */
  readonly requirements: string
  /** The folder of the package muster_runner. */
  readonly source: string
  /** The virtual environment; it is replaced. */
  readonly folder: string
  /** Where uv puts a Python that it downloads. */
  readonly pythons: string
  readonly platform: NodeJS.Platform
}

/** One program of an installation, run to its end before the next. */
export interface InstallationStep {
  /** For people, as something that goes on. */
  readonly title: string
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The interpreter of a virtual environment. */
export const interpreterOf = (folder: string): string => join(folder, 'bin', 'python')

/**
 * What makes a runner's Python environment, in order. On a Mac uv always brings a Python of its own: the system's is too
 * old, and one of Homebrew's takes the environment along when it is upgraded. On Linux a fitting one is used.
 */
export const installationSteps = (places: InstallationPlaces): readonly InstallationStep[] => {
  const { uv, requirements, source, folder, pythons, platform } = places
  const env = { UV_PYTHON_INSTALL_DIR: pythons, UV_SYSTEM_CERTS: '1' }
  const preference = platform === 'darwin' ? 'only-managed' : 'managed'
  const python = interpreterOf(folder)
  return [
    {
      title: 'Making a Python environment',
      file: uv,
      args: [
        ...['venv', '--no-project', '--clear'],
        ...['--python', PYTHON_VERSIONS, '--python-preference', preference],
        folder,
      ],
      env,
    },
    {
      title: 'Installing MLX and what it needs',
      file: uv,
      args: ['pip', 'sync', '--python', python, '--require-hashes', '--compile-bytecode', requirements],
      env,
    },
    {
      title: 'Trying the runner',
      file: python,
      args: ['-c', 'import mlx.core, muster_runner'],
      env: { PYTHONPATH: source },
    },
  ]
}

/** Variables of whoever started Muster that would lead a Python or uv to another environment. */
const MISLEADING = /^(?:PYTHON.*|VIRTUAL_ENV|CONDA_.*|UV_PROJECT.*|UV_PYTHON|ELECTRON_.*|MUSTER_.*)$/

/** The environment of a step: proxies, mirrors and certificates of this process count, another Python's do not. */
export const stepEnvironment = (
  { env: own }: InstallationStep,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> => {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(inherited))
    if (value !== undefined && !MISLEADING.test(name)) env[name] = value
  return { ...env, ...own }
}
