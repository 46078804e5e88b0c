import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunnerId } from '@core/ids'
import { RUNNER_PROTOCOL, type LoadCommand } from '@core/protocols/runner'
import { canonical } from '@core/state/canonical'
import { removeBelow, removeFile } from '../../disk/removal'
import { encodeFrame } from '../frames'
import { openPipesOf } from '../pipes'
import { adoptRunner, type Attach } from './adopted-runner'
import { filesDigest, readRecord, RECORD_FILE, UnusableRecord, type HandoverRecord } from './record'

/** How long a runner that is not adopted may take to end before its successor loads the same model beside it. */
const END_WITHIN_MS = 3000

export interface AdoptLeftOptions {
  readonly runDir: string
  /** What that runner is to have loaded here, by this node's state; undefined where nothing wants it. */
  readonly wanted: (runnerId: RunnerId) => LoadCommand | undefined
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** A runner that the node before this one left, and that is this one's now. */
export interface Adopted {
  readonly record: HandoverRecord
  readonly attach: Attach
}

/** What a runner's memory is for, whatever room its cache got. */
const identityOf = ({ cache: _room, ...load }: LoadCommand): string => canonical(load)

/** Why a runner is of no use here; undefined where it can be adopted. */
const whyNot = async (
  { protocol, runnerId, load, files }: HandoverRecord,
  wanted: AdoptLeftOptions['wanted'],
): Promise<string | undefined> => {
  if (protocol !== RUNNER_PROTOCOL) return `it speaks protocol ${protocol}, not ${RUNNER_PROTOCOL}`
  const here = wanted(runnerId)
  if (!here) return 'no instance wants it any more'
  if (identityOf(here) !== identityOf(load)) return 'it has loaded something else than its instance wants'
  const digest = await filesDigest(load.modelPath).catch(() => undefined)
  return digest === files ? undefined : 'the files of its model have changed'
}

/** Ends a runner that waits behind these pipes, if one does; resolves when it is gone or has had its time. */
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
    // Nobody reads there.
  }
}

const adopt = async (directory: string, { wanted, log }: AdoptLeftOptions): Promise<Adopted | undefined> => {
  let fields: object = { directory }
  try {
    const record = await readRecord(directory)
    if (!record) return undefined
    fields = { runnerId: record.runnerId, pid: record.pid, modelId: record.load.modelId }
    // Whatever comes of it, nobody else tries it again.
    await removeFile(directory, RECORD_FILE)
    const problem = await whyNot(record, wanted)
    if (problem !== undefined) throw new UnusableRecord(problem)
    const attach = await adoptRunner(directory, record)
    log.info(fields, 'took over a runner with its model in memory')
    return { record, attach }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    log.warn(fields, `a runner that was left here is not taken over: ${why}`)
    return undefined
  }
}

/**
 * Takes over the runners that the node before this one left on purpose, where they are what this node would start; ends
 * the others, and removes what a crash left of older ones.
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
