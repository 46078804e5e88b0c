import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunnerId } from '@core/ids'
import { RUNNER_PROTOCOL, type LoadCommand } from '@core/protocols/runner'
import { canonical } from '@core/state/canonical'
import { removeBelow, removeFile } from '../../disk/removal'
import { encodeFrame } from '../process/frames'
import { openPipesOf } from '../process/pipes'
import { adoptRunner, type Attach } from './adopted-runner'
import { filesDigest, readRecord, RECORD_FILE, UnusableRecord, type HandoverRecord } from './record'

/** Timeout for ending a runner that is not adopted, before another one loads the same model beside it. */
const END_WITHIN_MS = 3000

export interface AdoptLeftOptions {
  readonly runDir: string
  /** The load command this node's state wants for that runner; undefined if nothing wants it. */
  readonly wanted: (runnerId: RunnerId) => LoadCommand | undefined
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** A runner left by the previous node process and taken over by this one. */
export interface Adopted {
  readonly record: HandoverRecord
  readonly attach: Attach
}

/** Compares load commands without their cache sizes, which do not affect what is in memory. */
const identityOf = ({ cache: _room, ...load }: LoadCommand): string => canonical(load)

/** Why a runner cannot be adopted; undefined if it can. */
const adoptionProblem = async (
  { protocol, runnerId, load, files }: HandoverRecord,
  wanted: AdoptLeftOptions['wanted'],
): Promise<string | undefined> => {
  if (protocol !== RUNNER_PROTOCOL) return `it speaks protocol ${protocol}, not ${RUNNER_PROTOCOL}`
  const here = wanted(runnerId)
  if (!here) return 'no instance needs it any more'
  if (identityOf(here) !== identityOf(load)) return 'it has loaded other parameters than its instance needs'
  const digest = await filesDigest(load.modelPath).catch(() => undefined)
  return digest === files ? undefined : 'the files of its model have changed'
}

/** Shuts down the runner behind these pipes, if any; resolves when it is gone or the timeout has passed. */
const end = async (directory: string): Promise<void> => {
  try {
    const pipes = openPipesOf(directory)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_WITHIN_MS)
      pipes.events.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      pipes.events.resume()
      pipes.commands.write(encodeFrame({ type: 'shutdown' }))
    })
    pipes.leave()
  } catch {
    // No runner is reading.
  }
}

const adopt = async (directory: string, { wanted, log }: AdoptLeftOptions): Promise<Adopted | undefined> => {
  let fields: object = { directory }
  try {
    const record = await readRecord(directory)
    if (!record) return undefined
    fields = { runnerId: record.runnerId, pid: record.pid, modelId: record.load.modelId }
    // Remove the record first: adoption is tried only once, even if it fails.
    await removeFile(directory, RECORD_FILE)
    const problem = await adoptionProblem(record, wanted)
    if (problem !== undefined) throw new UnusableRecord(problem)
    const attach = await adoptRunner(directory, record)
    log.info(fields, 'adopted a runner with its model in memory')
    return { record, attach }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    log.warn(fields, `a runner left by the previous node process is not adopted: ${why}`)
    return undefined
  }
}

/**
 * Adopts the runners that the previous node process left on purpose, if this node would start the same; ends the
 * others, and removes leftovers of crashed ones.
 */
export const adoptLeft = async (options: AdoptLeftOptions): Promise<Adopted[]> => {
  const { runDir } = options
  const names = (await readdir(runDir)).filter((name) => name.startsWith('runner-'))
  const outcomes = await Promise.all(
    names.map(async (name) => {
      const directory = join(runDir, name)
      const adopted = await adopt(directory, options)
      if (!adopted) {
        await end(directory)
        await removeBelow(runDir, [name])
      }
      return adopted
    }),
  )
  return outcomes.flatMap((adopted) => adopted ?? [])
}
