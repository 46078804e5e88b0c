import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from '../disk/make-folder'
import type { PythonView } from '@core/protocols/setup'
import { clauses, coded, type CodedText } from '@core/texts/coded'
import { CodedError, textOfError } from '@core/texts/coded-error'
import { inEnglish } from '@core/texts/english'
import { removeBelow } from '../disk/removal'
import { replaceFile } from '../disk/replace-file'
import { environmentCommands, installEnvironment, interpreterOf, starterCommand, type InstallCommand } from './commands'
import { InstallOutput, tellingLines } from './output'
import { runInTerminal, type Running, type StartProcess } from './run-in-terminal'
import { findPythonTool, NEWEST_MINOR, OLDEST_MINOR, type PythonTool } from './tools'

/** Why no Python can run models, in English, and as a code unless `MUSTER_PYTHON_PROBLEM` gave the reason. */
export interface NoPython {
  readonly unavailable: string
  readonly coded: CodedText | undefined
}

/** The Python that has the runner's packages, or why there is none. */
export type Python = { readonly executable: string; readonly source: string } | NoPython

export interface PythonEnvironmentOptions {
  readonly dataDir: string
  /** The folder that contains native-runner. */
  readonly root: string
  /** The file of pinned packages for this machine, in native-runner. */
  readonly requirements?: string
  /** The uv of an installed app. */
  readonly bundledUv?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly startProcess: StartProcess
  /** The starter model, which comes as a Python package. */
  readonly starter: {
    isThere(): Promise<boolean>
    /** Converts the unpacked package; rejects with a message for people. */
    convert(python: Extract<Python, { executable: string }>, folder: string): Promise<void>
  }
  /** Delays before a failed installation is retried, in milliseconds; the last one repeats. Without it: no retries. */
  readonly retryAfterMs?: readonly number[]
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** Written last: an environment without it is incomplete. */
const STAMP = 'muster-complete'
const STARTER = 'starter-model'
const HASH_CHARACTERS = 12

const ABSENT = coded('checks.python.absent')
const TOOL_HINT = coded(process.platform === 'darwin' ? 'checks.python.toolHintMac' : 'checks.python.toolHint')
const INSTALL_HINT = coded('checks.python.installHint')

/** Neither uv nor a suitable Python was found. */
class NoTool extends CodedError {
  constructor() {
    super(coded('checks.python.noTool', { oldest: String(OLDEST_MINOR), newest: String(NEWEST_MINOR) }))
  }
}

/**
 * The Python environment that runs models. Searched in this order: `MUSTER_PYTHON`, `native-runner/.venv` beside the
 * app, and `python/HASH` in the data folder, which this class makes. HASH is that of the pinned packages, so another
 * version of Muster makes its own. An interrupted installation is continued. One installation runs at a time.
 */
export class PythonEnvironment {
  private readonly output = new InstallOutput()
  private readonly listeners = new Set<(printed?: string) => void>()
  private running: Running | undefined
  private installing: Promise<void> | undefined
  private progress: PythonView = { status: 'missing' }
  private cancelled = false
  private closed = false
  private failures = 0
  private retry: NodeJS.Timeout | undefined

  private constructor(
    private readonly options: PythonEnvironmentOptions,
    private readonly folder: string,
  ) {
    this.progress = this.found()
  }

  static async open(options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
    const pinned = await readFile(requirementsOf(options)).catch(() => undefined)
    const hash = createHash('sha256')
      .update(pinned ?? '')
      .digest('hex')
    return new PythonEnvironment(options, join(options.dataDir, 'python', hash.slice(0, HASH_CHARACTERS)))
  }

  current(): Python {
    const { root, env } = this.options
    const source = join(root, 'native-runner', 'src')
    const given = env['MUSTER_PYTHON'] ?? interpreterOf(join(root, 'native-runner', '.venv'))
    const own = existsSync(join(this.folder, STAMP)) ? [interpreterOf(this.folder)] : []
    const executable = [given, ...own].find((path) => path !== '' && existsSync(path))
    // Absolute: a runner's working directory is another folder.
    if (executable !== undefined && existsSync(source)) return { executable: resolve(executable), source }
    const givenReason = env['MUSTER_PYTHON_PROBLEM']
    return givenReason === undefined
      ? { unavailable: inEnglish(ABSENT), coded: ABSENT }
      : { unavailable: givenReason, coded: undefined }
  }

  /** As `current`; throws if there is no usable Python. */
  working(): Extract<Python, { executable: string }> {
    const python = this.current()
    if ('unavailable' in python) throw new Error(python.unavailable)
    return python
  }

  view(): PythonView {
    return this.progress
  }

  /** The installation's output so far. */
  printed(): string {
    return this.output.text
  }

  /** Notifies when the view has changed (without argument) and of new output. Returns the unsubscribe function. */
  subscribe(listener: (printed?: string) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Starts an installation unless one is running or none is needed; progress is in the view. */
  install(): void {
    if (this.installing || this.closed || this.progress.status === 'ready') return
    clearTimeout(this.retry)
    this.cancelled = false
    this.output.clear()
    this.show({ status: 'installing' })
    this.installing = this.carryOut().then(
      () => this.end(this.found()),
      (error: unknown) => this.end(this.failure(error)),
    )
  }

  /** Stops a running installation or a pending retry. */
  cancel(): void {
    clearTimeout(this.retry)
    if (!this.installing) return
    this.cancelled = true
    this.running?.kill()
  }

  async close(): Promise<void> {
    this.closed = true
    this.cancel()
    await this.installing
    this.listeners.clear()
  }

  private found(): PythonView {
    const python = this.current()
    return 'unavailable' in python ? { status: 'missing', reason: python.unavailable } : { status: 'ready' }
  }

  private failure(error: unknown): PythonView {
    if (this.cancelled) return this.found()
    const reason = textOfError(error)
    const hint = error instanceof NoTool ? TOOL_HINT : INSTALL_HINT
    const coded = { hint, ...(typeof reason !== 'string' && { reason }) }
    this.options.log.warn({ err: error }, 'the Python environment could not be installed')
    return {
      status: 'failed',
      reason: typeof reason === 'string' ? reason : inEnglish(reason),
      hint: inEnglish(hint),
      coded,
    }
  }

  private end(view: PythonView): void {
    this.installing = undefined
    this.show(view)
    const { retryAfterMs = [] } = this.options
    const pause = view.status === 'failed' ? retryAfterMs[Math.min(this.failures, retryAfterMs.length - 1)] : undefined
    this.failures = view.status === 'failed' ? this.failures + 1 : 0
    if (pause !== undefined && !this.closed) this.retry = setTimeout(() => this.install(), pause)
  }

  private show(view: PythonView): void {
    this.progress = view
    for (const listener of this.listeners) listener()
  }

  private print(text: string): void {
    this.output.add(text)
    for (const listener of this.listeners) listener(text)
  }

  private async carryOut(): Promise<void> {
    const { env, dataDir } = this.options
    const tool = await findPythonTool(env, this.options.bundledUv)
    if (!tool) throw new NoTool()
    const isMade = await this.works()
    if (!isMade) await removeBelow(join(dataDir, 'python'), [this.name])
    await makeFolder(join(dataDir, 'python'))
    const commands = environmentCommands({
      tool,
      folder: this.folder,
      requirements: requirementsOf(this.options),
      isMade,
    })
    const wantsStarter = !(await this.options.starter.isThere())
    const of = commands.length + (wantsStarter ? 2 : 0)
    for (const [index, command] of commands.entries()) await this.run(command, { at: index + 1, of })
    await replaceFile(join(this.folder, STAMP), `${tool.kind}\n`)
    if (wantsStarter) await this.addStarter(tool, { at: commands.length + 1, of })
    await this.removeOlder()
    this.options.log.info({ folder: this.folder }, 'the Python environment is installed')
  }

  /** Failures are printed to the terminal only: everything but the first model works without it. */
  private async addStarter(tool: PythonTool, { at, of }: { at: number; of: number }): Promise<void> {
    const { root, dataDir, starter, log } = this.options
    const python = interpreterOf(this.folder)
    const folder = join(dataDir, 'python', STARTER)
    try {
      await removeBelow(join(dataDir, 'python'), [STARTER])
      const requirements = join(root, 'native-runner', 'starter-model.txt')
      await this.run(starterCommand(tool, { python, target: folder, requirements }), { at, of })
      this.begin(coded('checks.python.convertingStarter'), { at: at + 1, of })
      await starter.convert({ executable: python, source: join(root, 'native-runner', 'src') }, folder)
    } catch (error) {
      if (this.cancelled) throw error
      this.print(`\r\n${error instanceof Error ? error.message : String(error)}\r\n`)
      log.warn({ err: error }, 'the starter model could not be added')
    } finally {
      await removeBelow(join(dataDir, 'python'), [STARTER]).catch(() => undefined)
    }
  }

  private begin(title: CodedText, { at, of }: { at: number; of: number }): void {
    this.print(`\r\n\u001b[1m${inEnglish(title)}\u001b[0m\r\n`)
    this.show({ status: 'installing', step: { title: inEnglish(title), coded: title, at, of } })
  }

  private async run({ title, file, args }: InstallCommand, step: { at: number; of: number }): Promise<void> {
    if (this.cancelled) throw new CodedError(coded('checks.python.stopped'))
    this.begin(title, step)
    let printed = ''
    this.running = await runInTerminal(this.options.startProcess, {
      file,
      args,
      cwd: this.options.dataDir,
      env: this.programEnvironment(),
      onOutput: (text) => {
        printed += text
        this.print(text)
      },
    })
    if (this.cancelled) this.running.kill()
    const code = await this.running.ended
    this.running = undefined
    if (code === 0) return
    const printedWhy = tellingLines(printed)
    if (printedWhy !== undefined) throw new Error(printedWhy)
    throw new CodedError(coded('checks.python.stepFailed', { step: clauses(title), code: String(code) }))
  }

  private programEnvironment(): Record<string, string> {
    const { env, root, dataDir } = this.options
    return installEnvironment(env, {
      source: join(root, 'native-runner', 'src'),
      pythons: join(dataDir, 'python', 'pythons'),
    })
  }

  private get name(): string {
    return this.folder.slice(join(this.options.dataDir, 'python').length + 1)
  }

  private async works(): Promise<boolean> {
    const python = interpreterOf(this.folder)
    if (!existsSync(python)) return false
    const { startProcess, dataDir } = this.options
    const onOutput = (): void => undefined
    const trying = { file: python, args: ['-c', ''], cwd: dataDir, env: this.programEnvironment(), onOutput }
    return (await (await runInTerminal(startProcess, trying)).ended) === 0
  }

  /** Removes environments of other versions. Runners that still use one have its files open. */
  private async removeOlder(): Promise<void> {
    const root = join(this.options.dataDir, 'python')
    const others = (await readdir(root)).filter((name) => name !== this.name && /^[0-9a-f]{12}$/.test(name))
    for (const name of others) await removeBelow(root, [name]).catch(() => undefined)
  }
}

const requirementsOf = ({ root, requirements = 'requirements.txt' }: PythonEnvironmentOptions): string =>
  join(root, 'native-runner', requirements)
