import { existsSync } from 'node:fs'

/** The Python with the runner's environment, or why there is none. */
export type Python = { readonly executable: string; readonly source: string } | { readonly unavailable: string }

/** OpenBLAS, if installed: MLX's bundled BLAS on Linux is an order of magnitude slower. */
const OPENBLAS = [
  '/usr/lib/x86_64-linux-gnu/libopenblas.so.0',
  '/usr/lib/aarch64-linux-gnu/libopenblas.so.0',
  '/usr/lib64/libopenblas.so.0',
  '/usr/lib/libopenblas.so.0',
]

/** Environment variables passed to a runner: none that could hold a secret. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'SSL_CERT_FILE',
  'OPENBLAS_NUM_THREADS',
  'MLX_DISABLE_COMPILE',
  // Which GPUs to use, and where some systems keep the driver's library.
  'CUDA_VISIBLE_DEVICES',
  'LD_LIBRARY_PATH',
]

/**
 * Builds a runner's environment.
 *
 * @param source the folder that contains the package
 * @param kernels the folder for compiled GPU kernels, shared by runners; not kept without it
 */
export const runnerEnvironment = (source: string, kernels?: string): Record<string, string> => {
  const environment: Record<string, string> = {}
  for (const name of PASSED_ON) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  const openblas = process.platform === 'linux' ? OPENBLAS.find((path) => existsSync(path)) : undefined
  return {
    ...environment,
    ...(openblas !== undefined && { LD_PRELOAD: openblas }),
    ...(kernels !== undefined && { MUSTER_KERNELS: kernels, CUDA_CACHE_PATH: kernels }),
    // Number GPUs as nvidia-smi does, because placement does too.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    PYTHONPATH: source,
    PYTHONUNBUFFERED: '1',
    // A runner's models are on this machine: nothing may access the network.
    HF_HUB_OFFLINE: '1',
    TRANSFORMERS_OFFLINE: '1',
    TOKENIZERS_PARALLELISM: 'false',
    TERM: 'dumb',
  }
}
