import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { replaceFile } from '../disk/replace-file'
import {
  installationSteps,
  interpreterOf,
  stepEnvironment,
  type InstallationPlaces,
  type InstallationStep,
} from './installation'

/** What is kept of the installation's console: the latest part, in characters. */
const CONSOLE_LIMIT = 200_000
/** Pauses before a failed installation is tried again; the last one is repeated. */
const RETRY_AFTER_MS = [10_000, 60_000, 300_000]

export type RunnerEnvironmentStatus =
  | { readonly status: 'ready'; readonly python: string }
  | { readonly status: 'missing' }
  | { readonly status: 'installing'; readonly title: string; readonly step: number; readonly steps: number }
  | { readonly status: 'failed'; readonly title: string; readonly lastLines: string }

/** A program under a pseudo-terminal. */
type StartProcess = (options: {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly onOutput: (text: string) => void
  readonly onExit: (exit: { readonly code: number | undefined; readonly signal: NodeJS.Signals | undefined }) => void
}) => Promise<{ kill(signal: NodeJS.Signals): void }>

export interface RunnerEnvironmentOptions extends Omit<InstallationPlaces, 'folder' | 'pythons' | 'platform'> {
  /** The environment and, where uv had to bring one, its Python lie below it. */
  readonly dataDir: string
  readonly platform?: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly startProcess: StartProcess
  readonly retryAfterMs?: readonly number[]
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

const LAST_LINES = 4

/** The last lines as plain text: escape sequences and what a progress bar overwrote say nothing in a sentence. */
const lastLinesOf = (printed: string): string =>
  stripVTControlCharacters(printed)
    .replaceAll(/[^\n]*\r(?!\n)/g, '')
    .trim()
    .split(/\r?\n/)
    .slice(-LAST_LINES)
    .join('\n')

/**
 * The runner's Python environment of an installed app, made by the uv that the app carries: at the first start, and
 * again after an update of the app that pins other packages. A stamp in the environment says of which packages it was
 * completed, so one that was interrupted counts as missing. One installation runs at a time.
 */
export class RunnerEnvironment {
  private current: RunnerEnvironmentStatus = { status: 'missing' }
  private text = ''
  private readonly listeners = new Set<() => void>()
  private installing: Promise<void> | undefined
  private process: { kill(signal: NodeJS.Signals): void } | undefined
  private retry: NodeJS.Timeout | undefined
  private failures = 0
  private closed = false
  private readonly places: InstallationPlaces

  private constructor(
    private readonly options: RunnerEnvironmentOptions,
    private readonly fingerprint: string,
  ) {
    const { uv, requirements, source, dataDir, platform = process.platform } = options
    const [folder, pythons] = [join(dataDir, 'runner-environment'), join(dataDir, 'pythons')]
    this.places = { uv, requirements, source, folder, pythons, platform }
  }

  /** Looks whether the environment is there. It does not begin to install. */
  static async open(options: RunnerEnvironmentOptions): Promise<RunnerEnvironment> {
    const fingerprint = createHash('sha256')
      .update(await readFile(options.requirements))
      .digest('hex')
    const environment = new RunnerEnvironment(options, fingerprint)
    const python = interpreterOf(environment.places.folder)
    const stamp = await readFile(environment.stampFile, 'utf8').catch(() => undefined)
    // A link to a Python that is gone does not exist either.
    if (stamp === fingerprint && existsSync(python)) environment.current = { status: 'ready', python }
    return environment
  }

  status(): RunnerEnvironmentStatus {
    return this.current
  }

  /** What the installation has printed, with a terminal's escape sequences. */
  console(): string {
    return this.text
  }

  /** Calls `listener` whenever the status or the console changed. Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Installs what is missing, and again after a failure, later and later. Joins an installation that runs. */
  install(): Promise<void> {
    if (this.closed || this.current.status === 'ready') return Promise.resolve()
    clearTimeout(this.retry)
    this.installing ??= this.runSteps().finally(() => (this.installing = undefined))
    return this.installing
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.retry)
    this.process?.kill('SIGKILL')
    await this.installing
  }

  private get stampFile(): string {
    return join(this.places.folder, 'muster-packages.sha256')
  }

  private async runSteps(): Promise<void> {
    const { dataDir, log } = this.options
    const steps = installationSteps(this.places)
    await mkdir(dataDir, { recursive: true })
    for (const [index, step] of steps.entries()) {
      this.is({ status: 'installing', title: step.title, step: index + 1, steps: steps.length })
      log.info({ step: step.title }, 'making the Python environment')
      const { code, printed } = await this.run(step)
      if (this.closed) return
      if (code !== 0) return this.failed(step, printed)
    }
    await replaceFile(this.stampFile, this.fingerprint)
    this.failures = 0
    this.is({ status: 'ready', python: interpreterOf(this.places.folder) })
    log.info({}, 'the Python environment is ready')
  }

  private run(step: InstallationStep): Promise<{ readonly code: number; readonly printed: string }> {
    const { startProcess, env, dataDir } = this.options
    this.print(`$ ${[step.file, ...step.args].join(' ')}\r\n`)
    let printed = ''
    return new Promise((resolve) => {
      const starting = startProcess({
        file: step.file,
        args: step.args,
        env: stepEnvironment(step, env),
        cwd: dataDir,
        onOutput: (text) => {
          printed = (printed + text).slice(-CONSOLE_LIMIT)
          this.print(text)
        },
        onExit: ({ code }) => {
          this.process = undefined
          resolve({ code: code ?? 1, printed })
        },
      })
      starting.then(
        (child) => {
          this.process = child
          if (this.closed) child.kill('SIGKILL')
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error)
          this.print(`${message}\r\n`)
          resolve({ code: 1, printed: message })
        },
      )
    })
  }

  private failed({ title }: InstallationStep, printed: string): void {
    const lastLines = lastLinesOf(printed)
    this.is({ status: 'failed', title, lastLines })
    this.options.log.warn({ step: title, lastLines }, 'the Python environment could not be made')
    const pauses = this.options.retryAfterMs ?? RETRY_AFTER_MS
    const pause = pauses[Math.min(this.failures, pauses.length - 1)]
    this.failures += 1
    if (pause !== undefined) this.retry = setTimeout(() => void this.install(), pause)
  }

  private print(text: string): void {
    this.text = (this.text + text).slice(-CONSOLE_LIMIT)
    this.tell()
  }

  private is(status: RunnerEnvironmentStatus): void {
    this.current = status
    this.tell()
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}
