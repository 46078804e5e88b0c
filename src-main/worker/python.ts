import { existsSync } from 'node:fs'

/** The Python that has the runner's environment, or why there is none. */
export type Python = { readonly executable: string; readonly source: string } | { readonly unavailable: string }

/** MLX's own BLAS on Linux is an order of magnitude slower than this one, where it is installed. */
const OPENBLAS = [
  '/usr/lib/x86_64-linux-gnu/libopenblas.so.0',
  '/usr/lib/aarch64-linux-gnu/libopenblas.so.0',
  '/usr/lib64/libopenblas.so.0',
  '/usr/lib/libopenblas.so.0',
]

/** What a runner may see of this process's environment: nothing that could hold a secret. */
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
  // Which GPU of several, and where a system keeps the driver's library.
  'CUDA_VISIBLE_DEVICES',
  'LD_LIBRARY_PATH',
]

/**
 * The environment of a runner.
 *
 * @param source the folder that holds the package
 * @param kernels where what a GPU's kernels are compiled to is kept from one runner to the next; nowhere without it
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
    // As nvidia-smi counts GPUs, by which they are placed.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    PYTHONPATH: source,
    PYTHONUNBUFFERED: '1',
    // Models are on this machine when a runner starts: nothing may ask the network.
    HF_HUB_OFFLINE: '1',
    TRANSFORMERS_OFFLINE: '1',
    TOKENIZERS_PARALLELISM: 'false',
    TERM: 'dumb',
  }
}
