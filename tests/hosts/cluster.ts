import { once } from 'node:events'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ReadyLine } from '@core/protocols/control'
import { ClusterView } from '@core/protocols/cluster'
import type { NodeId } from '@core/ids'
import { temporaryFolder, testEnvironment } from '../harness/headless-node'
import { tinyModel } from '../harness/models'
import { cli, required } from '../harness/paths'
import { connectHosts, type Host } from './network'
import { PATIENCE_MS } from '../harness/patience'

export interface HostedNode {
  readonly host: Host
  readonly nodeId: NodeId
  /** Of its API; answers on its own host only. */
  readonly url: string
  readonly pid: number
  readonly dataDir: string
  /** Asks its control API from its own host; the body of the answer. Rejects where the answer is an error. */
  ask(path: string, options?: { method?: string; json?: unknown; timeoutMs?: number; key?: string }): Promise<unknown>
  cluster(): Promise<ClusterView>
  /** Runs `muster ARGS` on its host. */
  muster(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>
  signal(name: NodeJS.Signals): void
  /** Ends it as a power cut would, with its runners. */
  kill(): Promise<void>
  stop(): Promise<void>
  /** Ends it for a planned restart, and waits until it has gone by itself. */
  leave(): Promise<void>
}

const output = async (
  host: Host,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> => {
  const child = host.spawn(command, args, { env: { ...process.env, ...env } })
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin?.end()
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

export interface LaunchOptions {
  readonly name: string
  readonly dataDir: string
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** The command line of another build than this one. */
  readonly program?: string
}

/** Starts `muster serve` on a host and waits until it is ready. */
const startOn = async (
  host: Host,
  { name, dataDir, args = [], env, program = cli }: LaunchOptions,
): Promise<HostedNode> => {
  const command = [required(program, 'run `npm run build`'), 'serve', '--data-dir', dataDir, '--name', name, ...args]
  const child = host.spawn(process.execPath, command, {
    env: testEnvironment(dataDir, { OPENBLAS_NUM_THREADS: '1', ...env }),
  })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  child.once('exit', () => process.off('exit', killed))
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-10_000)))
  const exited = once(child, 'exit')
  if (!child.stdout || child.pid === undefined) throw new Error('no process')
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line)),
    exited.then(([code]) => Promise.reject(new Error(`${name} ended with ${String(code)}: ${errors}`))),
  ])
  const { url, nodeId } = ReadyLine.parse(JSON.parse(first))
  const ask: HostedNode['ask'] = async (path, { method = 'GET', json, timeoutMs = 60_000, key } = {}) => {
    const body = json === undefined ? [] : ['-H', 'content-type: application/json', '-d', JSON.stringify(json)]
    const bearer = key === undefined ? [] : ['-H', `authorization: Bearer ${key}`]
    const limits = ['--silent', '--show-error', '--max-time', String(timeoutMs / 1000), '-w', '\n%{http_code}']
    const { stdout, stderr, code } = await output(host, 'curl', [
      ...limits,
      '-X',
      method,
      ...body,
      ...bearer,
      `${url}${path}`,
    ])
    if (code !== 0) throw new Error(`${name} ${path}: ${stderr}`)
    const cut = stdout.lastIndexOf('\n')
    if (Number(stdout.slice(cut + 1)) >= 400) throw new Error(`${name} ${path}: ${stdout}`)
    return JSON.parse(stdout.slice(0, cut)) as unknown
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
  }
  return {
    host,
    nodeId,
    url,
    pid: child.pid,
    dataDir,
    ask,
    cluster: async () => ClusterView.parse(await ask('/cluster')),
    muster: (...more) => output(host, process.execPath, [program, ...more], { MUSTER_URL: url }),
    signal: (name) => void child.kill(name),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    leave: () => end('SIGUSR2'),
  }
}

/** Machines on one switch, each with a node; all closed and removed together. */
export class HostedCluster {
  readonly nodes: HostedNode[] = []
  private readonly network
  private readonly folder = temporaryFolder()

  constructor(count: number) {
    this.network = connectHosts(count)
  }

  get hosts(): readonly Host[] {
    return this.network.hosts
  }

  dataDir(at: number): string {
    return join(this.folder.path, `node-${at}`)
  }

  /** Puts the tiny model, or the one in another folder, on a machine's disk. */
  giveModel(at: number, name = 'tiny', from = tinyModel()): void {
    const target = join(this.dataDir(at), 'models', 'muster', name)
    mkdirSync(target, { recursive: true })
    cpSync(from, target, { recursive: true, dereference: true })
  }

  async start(at: number, options: Partial<LaunchOptions> = {}): Promise<HostedNode> {
    const host = this.hosts[at]
    if (!host) throw new Error(`there is no host ${at}`)
    const node = await startOn(host, { name: `machine ${at + 1}`, dataDir: this.dataDir(at), ...options })
    this.nodes[at] = node
    return node
  }

  /** Starts a node on every host, and has all join the first. */
  async startAll(options: Partial<LaunchOptions> = {}): Promise<HostedNode[]> {
    const nodes = await Promise.all(this.hosts.map((_, at) => this.start(at, options)))
    const [first, ...others] = nodes
    for (const other of others) if (first) await join_(first, other)
    await Promise.all(nodes.map((node) => allLinked(node, nodes.length)))
    return nodes
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    this.network.dispose()
    this.folder.dispose()
  }
}

const join_ = async (member: HostedNode, joiner: HostedNode): Promise<void> => {
  const { stdout } = await member.muster('invite', '--json')
  const { token } = JSON.parse(stdout) as { token: string }
  const { code, stderr } = await joiner.muster('join', token)
  if (code !== 0) throw new Error(stderr)
}
export { join_ as joinBy }

/** Resolves when a condition holds; the question is asked again and again, as no event tells. */
export const until = async <Value>(
  what: string,
  ask: () => Promise<Value>,
  holds: (value: Value) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<Value> => {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const value = await ask()
      last = value
      if (holds(value)) return value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(
    `waited ${timeoutMs} ms in vain for: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  )
}

export const allLinked = (node: HostedNode, count: number): Promise<ClusterView> =>
  until(
    `${count} machines linked`,
    () => node.cluster(),
    ({ members, role }) =>
      members.length === count && members.every(({ linked }) => linked) && (role === 'master' || role === 'follower'),
  )
