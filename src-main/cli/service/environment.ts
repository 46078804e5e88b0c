import { resolve } from 'node:path'

/** Where a node finds its files: paths, which a service needs to be absolute. */
const PATHS: ReadonlySet<string> = new Set([
  ...['MUSTER_DATA_DIR', 'MUSTER_PYTHON', 'MUSTER_CA_FILE', 'SSL_CERT_FILE'],
  ...['HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN_PATH', 'MODELSCOPE_CACHE'],
])

/** How it reaches the internet, and variables that count only if their path is absolute. */
const OTHERS =
  /^(?:MUSTER_MODEL_FOLDERS|MUSTER_(?:HUB|HUB_URL|PROXY|NO_PROXY)|HF_ENDPOINT|HF_HUB_OFFLINE|MODELSCOPE_ENDPOINT|XDG_(?:DATA|CACHE)_HOME|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy)$/

/**
 * Environment variables that a service inherits at its installation: where a node keeps and finds its files, and how it
 * reaches the internet. Tokens are excluded, because other users can ask the service manager for a unit's environment.
 *
 * @param from the folder to which relative paths refer
 */
export const keptEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
  from: string,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]): [string, string][] => {
      if (value === undefined || value === '') return []
      if (PATHS.has(name)) return [[name, resolve(from, value)]]
      return OTHERS.test(name) ? [[name, value]] : []
    }),
  )
