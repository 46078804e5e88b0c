import type { NodeOptions, RunningNode } from '../node/index'
import { addressesHere, fromElsewhere } from './from-elsewhere'
import { welcome } from './welcome'

export interface ServeOptions extends NodeOptions {
  /** Print a welcome for people instead of the one line for programs. */
  readonly welcome: boolean
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** How long a restart waits for running answers. */
const DRAIN_MS = 30_000

/** Signal that ends a node and leaves its models in memory for its successor. */
const RESTART = 'SIGUSR2'

/** Resolves with the first signal to stop. */
const askedToStop = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', RESTART] as const) process.once(signal, () => resolve(signal))
  })

/**
 * Runs a headless node until it is asked to stop; resolves with the exit code.
 *
 * @param startNode the composition root, passed in so that wrong use is reported without loading a node
 */
export const serve = async (
  { welcome: greet, ...options }: ServeOptions,
  startNode: (options: NodeOptions) => Promise<RunningNode>,
): Promise<number> => {
  const stopped = askedToStop()
  const node = await startNode(options)
  if (greet) {
    await welcome(node, print)
    if (node.signInLink) print(`\nFrom another machine: ${fromElsewhere(node.signInLink(), addressesHere())}`)
  } else {
    const { url, nodeId, ollamaUrl } = node
    print(JSON.stringify({ ready: true, url, nodeId, ...(ollamaUrl !== undefined && { ollamaUrl }) }))
    // On standard error, because programs read standard output.
    if (node.signInLink) process.stderr.write(`Sign in from a browser, once: ${node.signInLink()}\n`)
  }
  // A second signal ends the wait for running answers.
  if ((await stopped) === RESTART) await Promise.race([node.prepareRestart(DRAIN_MS), askedToStop()])
  await node.close()
  return 0
}
