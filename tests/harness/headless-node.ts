import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ReadyLine } from '@core/protocols/control'
import { cli, python, required } from './paths'

/** A real node in a separate process. */
export interface HeadlessNode {
  readonly url: string
  readonly ollamaUrl: string | undefined
  readonly nodeId: string
  readonly dataDir: string
  readonly process: ChildProcess
  /** Its standard error. */
  stderr(): string
  /** Stops it as a user would; resolves with the exit code. */
  stop(): Promise<number | null>
  /** Kills it, as a power cut would. */
  kill(): Promise<void>
}

/** What was killed may end a moment later, and write until then: its removal is tried for some seconds. */
export const temporaryFolder = (): { path: string; dispose(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'muster-test-'))
  return { path, dispose: () => rmSync(path, { recursive: true, force: true, maxRetries: 15 }) }
}

export interface NodeLaunch {
  readonly dataDir: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The environment of nodes in tests: no model folders but their own. */
export const testEnvironment = (dataDir: string, env: NodeLaunch['env'] = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: dataDir,
  HF_HOME: join(dataDir, 'no-huggingface'),
  // No test contacts a real hub.
  HF_HUB_OFFLINE: '1',
  MUSTER_PYTHON: python,
  // Skip the setup in tests that are not about it.
  MUSTER_OFFER_SETUP: 'false',
  MLX_DISABLE_COMPILE: '1',
  // Avoid a measurement in the middle of a test.
  MUSTER_MEMORY_BANDWIDTH: '10',
  ...env,
})

/** Starts `muster serve` on a free port and waits for its ready line. */
export const startHeadless = async ({ dataDir, args = [], env }: NodeLaunch): Promise<HeadlessNode> => {
  const command = [required(cli, 'run `npm run build`'), 'serve', '--data-dir', dataDir, '--port', '0', ...args]
  const child = spawn(process.execPath, command, {
    env: testEnvironment(dataDir, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Kill the node if the test fails.
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  child.once('exit', () => process.off('exit', killed))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-20_000)
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    exited.then(([code]) => Promise.reject(new Error(`the node ended with ${String(code)}: ${errors}`))),
  ])
  const { url, nodeId, ollamaUrl } = ReadyLine.parse(JSON.parse(first))
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
    return child.exitCode
  }
  return {
    url,
    ollamaUrl,
    nodeId,
    dataDir,
    process: child,
    stderr: () => errors,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  }
}
