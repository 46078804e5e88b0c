import type { NodeOptions, RunningNode } from '../node'
import { welcome } from './welcome'

export interface ServeOptions extends NodeOptions {
  /** Speak to a person instead of printing the one line for programs. */
  readonly welcome: boolean
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** How long a restart waits for answers that are under way. */
const DRAIN_MS = 30_000

/** Asks a node to end and to leave its models in memory for the node that is started next. */
const RESTART = 'SIGUSR2'

/** Resolves with the first signal that asks the process to end. */
const askedToStop = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', RESTART] as const) process.once(signal, () => resolve(signal))
  })

/**
 * Runs a node without a window until it is asked to stop. Returns the exit code.
 *
 * @param startNode the composition root, handed in so that wrong use is answered without loading a node
 */
export const serve = async (
  { welcome: greet, ...options }: ServeOptions,
  startNode: (options: NodeOptions) => Promise<RunningNode>,
): Promise<number> => {
  const stopped = askedToStop()
  const node = await startNode(options)
  if (greet) {
    await welcome(node, print)
    if (node.signInLink) print(`\nFrom another machine: ${node.signInLink()}`)
  } else {
    const { url, nodeId, ollamaUrl } = node
    print(JSON.stringify({ ready: true, url, nodeId, ...(ollamaUrl !== undefined && { ollamaUrl }) }))
    // For people; programs read standard output.
    if (node.signInLink) process.stderr.write(`Sign in from a browser, once: ${node.signInLink()}\n`)
  }
  // A second word while answers are waited for ends the waiting.
  if ((await stopped) === RESTART) await Promise.race([node.prepareRestart(DRAIN_MS), askedToStop()])
  await node.close()
  return 0
}
