import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Command, Refusal } from '@core/commands/command'
import { Resubmission } from '@core/consensus/resubmission'
import { Decision, isDecision, type Event } from '@core/events/event'
import { Folding } from '@core/events/fold'
import { emptyState, State } from '@core/state/state'
import { removeFileSync } from '../disk/removal'
import { replaceFile } from '../disk/replace-file'
import { logDirectory, openedState, openLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import { recordsAfter } from './log-reader'
import { setAside } from './set-aside'

/** One file for each split, numbered: another may come before the last one is dealt with. */
const FILE = /^split-(\d{6})\.json$/

/** What a log had that the winning side's has not, until its declarations were submitted again. */
const Split = z.object({ after: z.number().int().nonnegative(), common: State, decided: z.array(Decision), own: State })
type Split = z.infer<typeof Split>

/** What the log says up to a record. */
const stateAt = async (directory: string, last: number): Promise<State> => {
  const folding = new Folding(emptyState())
  for await (const record of recordsAfter(directory, 0)) {
    if (record.sequence > last) break
    if (record.kind === 'decision') folding.fold(record.envelope)
    else folding.enter(record.term)
  }
  return folding.state
}

/** The names of the files of splits, oldest first. */
const splitFiles = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => FILE.test(name))
    .sort()

/** Undefined where it is not what this program wrote. Throws where it cannot be read. */
const readSplit = (path: string): Split | undefined => {
  const text = readFileSync(path, 'utf8')
  try {
    return Split.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Keeps on the disk what is about to be set aside, so that a crash loses none of it. */
const keepSplit = async (
  directory: string,
  { after, common, own }: Pick<Split, 'after' | 'common' | 'own'>,
): Promise<void> => {
  const decided: Event[] = []
  for await (const record of recordsAfter(directory, after))
    if (record.kind === 'decision') decided.push(record.envelope.event)
  const last = Number(FILE.exec(splitFiles(directory).at(-1) ?? '')?.[1] ?? 0)
  await replaceFile(
    join(directory, `split-${String(last + 1).padStart(6, '0')}.json`),
    JSON.stringify({ after, common, decided: decided.filter(isDecision), own }),
  )
}

/**
 * Takes the records after one out of a log that is closed, and opens it again. With `keep`, what people declared in
 * them is remembered until `submitAgain` has brought it to the winning side. Throws MasterError.
 */
export const setRecordsAside = async (
  folder: LogFolder,
  { after, keep }: { readonly after: number; readonly keep: boolean },
): Promise<OpenedLog> => {
  const directory = logDirectory(folder)
  if (keep) await keepSplit(directory, { after, common: await stateAt(directory, after), own: openedState(folder) })
  const aside = setAside({ directory, after })
  // A machine that joins or leaves gives all of it up for the cluster's; only a split is news.
  folder.log[after === 0 ? 'info' : 'warn']({ after, aside }, 'set aside what the other machines do not have')
  return openLogFolder(folder)
}

export interface SubmitAgain {
  readonly state: () => State
  readonly submit: (command: Command) => Promise<{ readonly status: string; readonly refusal?: Refusal }>
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/**
 * Submits the declarations of splits to whoever decides now; where that fails they are kept for the next time.
 *
 * @param begun by the names of their files, what has become of splits so far
 */
export const submitAgain = async (
  directory: string,
  { state, submit, log }: SubmitAgain,
  begun = new Map<string, Resubmission>(),
): Promise<void> => {
  for (let name = splitFiles(directory)[0]; name !== undefined; name = splitFiles(directory)[0])
    try {
      const path = join(directory, name)
      const split = readSplit(path)
      if (!split) {
        log.warn({ path }, 'what was decided during a split cannot be read; its file is kept as damaged')
        renameSync(path, `${path}.damaged`)
        continue
      }
      const resubmission = begun.get(name) ?? new Resubmission(split)
      begun.set(name, resubmission)
      let step = resubmission.next(state())
      for (; step.kind === 'submit'; step = resubmission.next(state())) {
        const { command } = step
        const { status, refusal } = await submit(command)
        resubmission.answered(command, refusal)
        log.info({ command: command.type, result: status, refusal }, 'submitted again after a split')
      }
      if (step.kind === 'later') return
      removeFileSync(directory, name)
      begun.delete(name)
    } catch (err) {
      log.warn({ err, name }, 'what was decided during a split is submitted again later')
      return
    }
}

/**
 * A way to begin `submitAgain` whenever there may be something to submit. It runs once at a time, and once more where
 * it was begun meanwhile: the state is another one by then.
 */
export const resubmitter = (directory: string, parts: SubmitAgain): (() => void) => {
  const begun = new Map<string, Resubmission>()
  let [running, wanted] = [false, false]
  const run = async (): Promise<void> => {
    running = true
    while (wanted) {
      wanted = false
      await submitAgain(directory, parts, begun)
    }
    running = false
  }
  return () => {
    wanted = true
    if (!running) void run()
  }
}
