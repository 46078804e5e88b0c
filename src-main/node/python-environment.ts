import type { Logger } from '../logging/logger'
import { ensureStarter, STARTER_MODEL, starterSource } from '../models/index'
import type { BundledRunner } from './options'
import { PythonEnvironment } from '../python/environment'
import { cudaRequirements, execute, nvidiaGpu } from '../system/index'
import { runnerEnvironment, startConsoleProcess } from '../worker/index'

export interface OpenPythonOptions {
  readonly dataDir: string
  /** The folder that contains native-runner. */
  readonly appRoot: string
  readonly bundled: BundledRunner | undefined
  readonly env: NodeJS.ProcessEnv
  readonly catalogue: { find(modelId: typeof STARTER_MODEL): unknown; refresh(): Promise<void> }
  readonly log: Logger
}

/** An installed app retries automatically, because the machine may be offline at first. */
const RETRY_AFTER_MS = [10_000, 60_000, 300_000]

/**
 * Opens the Python environment, with what its installation needs from other parts. An installed app starts a missing
 * installation automatically; elsewhere the user does.
 */
export const openPythonEnvironment = async (options: OpenPythonOptions): Promise<PythonEnvironment> => {
  const { dataDir, appRoot, bundled, env, catalogue, log } = options
  const gpu = process.platform === 'linux' ? await nvidiaGpu({ execute })() : undefined
  const requirements = gpu && cudaRequirements(gpu.driver)
  if (gpu && requirements === undefined)
    log.warn({ driver: gpu.driver }, `the driver of ${gpu.name} is too old for CUDA 12: models run on the processor`)
  const environment = await PythonEnvironment.open({
    dataDir,
    ...(requirements !== undefined && { requirements }),
    root: bundled?.root ?? appRoot,
    bundledUv: bundled?.uv,
    env,
    startProcess: startConsoleProcess,
    starter: {
      isThere: () => Promise.resolve(catalogue.find(STARTER_MODEL) !== undefined),
      convert: async ({ executable, source }, folder) => {
        const python = { executable, env: runnerEnvironment(source) }
        const file = await starterSource(folder)
        if (file === undefined) throw new Error('The package of the starter model has no model in it')
        await ensureStarter({ dataDir, python, source: file })
        await catalogue.refresh()
      },
    },
    ...(bundled && { retryAfterMs: RETRY_AFTER_MS }),
    log,
  })
  if (bundled) environment.install()
  return environment
}
