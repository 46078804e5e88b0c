import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..', '..')

/** The built command line, as users run it. */
export const cli = join(root, 'out', 'main', 'cli.cjs')

const venv = join(root, 'native-runner', '.venv', 'bin', 'python')

/** The Python environment with the runner; the set-up makes it. */
export const python = process.env['MUSTER_PYTHON'] ?? venv

/** The starter model that the set-up converted, if any. */
export const starterModel = join(
  process.env['MUSTER_STARTER_DIR'] ?? join(root, '.cache', 'starter'),
  'HuggingFaceTB',
  'SmolLM2-135M-Instruct',
)

/** The tool-calling model that the set-up converted, if any. */
export const coderModel =
  process.env['MUSTER_CODER_MODEL'] ?? join(root, '.cache', 'coder', 'Qwen', 'Qwen2.5-Coder-0.5B-Instruct')

export const required = (path: string, how: string): string => {
  if (!existsSync(path)) throw new Error(`${path} is missing: ${how}`)
  return path
}
