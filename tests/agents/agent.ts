import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../harness/headless-node'
import { required, root } from '../harness/paths'

const packages = process.env['MUSTER_TEST_AGENTS'] ?? join(root, '.cache', 'agents')

/** The Python with the agents that are written in it. */
export const agentsPython =
  process.env['MUSTER_TEST_AGENTS_PYTHON'] ?? join(root, '.cache', 'agents-python', 'bin', 'python')

/** An agent's program from npm. */
export const program = (name: string): string =>
  required(join(packages, 'node_modules', '.bin', name), 'run `npm run test:agents`, which fetches it')

export const agentPackages = packages

/** A folder to work in and a home that nobody else has. */
export interface Workplace {
  readonly home: string
  readonly project: string
  dispose(): void
}

export const workplace = (files: Readonly<Record<string, string>>): Workplace => {
  const folder = temporaryFolder()
  const [home, project] = [join(folder.path, 'home'), join(folder.path, 'project')]
  for (const path of [home, project]) mkdirSync(path)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content)
  return { home, project, dispose: folder.dispose }
}

/** Writes a settings file into the home. */
export const settle = ({ home }: Workplace, name: string, content: unknown): string => {
  const path = join(home, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

export interface Run {
  readonly command: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
}

// No way out of this machine, whatever it would tell home or update.
const NOWHERE = 'http://127.0.0.1:9'
const ALONE = { PATH: '/usr/local/bin:/usr/bin:/bin', HTTPS_PROXY: NOWHERE, HTTP_PROXY: NOWHERE, NO_PROXY: '127.0.0.1' }

/** Runs a program to its end in an empty environment. Gives what it printed; rejects with that where it fails. */
export const run = ({ home, project }: Workplace, { command: [file, ...args], env }: Run): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: project,
      env: { ...ALONE, HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 600_000,
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => (printed += more))
    }
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(printed)
      else reject(new Error(`${file} ended with ${String(code)}: ${printed}`))
    })
  })
