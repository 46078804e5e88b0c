import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from './commands.mjs'
import { root } from './places.mjs'

const QUERY = ['--query-gpu=driver_version', '--format=csv,noheader']

/**
 * Picks the file of pinned packages for this machine: MLX for the CUDA version that an NVIDIA driver supports, else
 * for CPU and Metal. A driver that does not answer in time counts as none.
 *
 * @param {{ signal: AbortSignal }} options
 * @returns {Promise<string>} its name in native-runner
 */
export async function requirementsHere({ signal }) {
  const ordinary = 'requirements.txt'
  if (process.platform !== 'linux') return ordinary
  const printed = await runCommand('nvidia-smi', QUERY, { log: 'gpu', signal, timeLimitMs: 5000 }).catch(() => '')
  const major = Number.parseInt(printed, 10)
  /** @type {{ driver: number, requirements: string }[]} */
  const drivers = JSON.parse(
    await readFile(path.join(root, 'src-main', 'system', 'linux', 'cuda-drivers.json'), 'utf8'),
  )
  return drivers.find(({ driver }) => major >= driver)?.requirements ?? ordinary
}
