import { nameKey } from '@core/declarations/names'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { followStates } from '../api/events'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, UNREACHABLE, WRONG_USE, type ExitCode } from '../exit-codes'
import { readFiles } from '../files'
import { declarationsBy } from '../names'
import { Progress } from '../terminal/progress'
import { loadingText } from './loading'

export interface WaitFlags extends CommonOptions {
  readonly names: readonly string[]
  readonly file?: readonly string[]
  readonly for: string
  /** Seconds. */
  readonly timeout: number
}

/** Timers of Node hold no more; it is 24 days. */
const LONGEST_MS = 2 ** 31 - 1

const isServing = (state: State, one: MetaInstance): boolean => ['READY', 'RUNNING'].includes(statusOf(state, one).word)

const labelOf = ({ name, modelId }: MetaInstance): string => name ?? modelId

/** Why a declaration will not be loaded until a user changes it or its hours begin; undefined if it can be loaded. */
const restingText = (state: State, one: MetaInstance): string | undefined => {
  const { word, detail } = statusOf(state, one)
  return word === 'PAUSED' || word === 'OFF_HOURS' ? `${labelOf(one)} is ${word}: ${detail}` : undefined
}

interface Missing {
  /** What is waited for, one line each. */
  readonly pending: readonly string[]
  /** Declarations that waiting does not make ready. */
  readonly resting: readonly string[]
}

/** What is still missing to reach the goal. */
const missing = (state: State, wanted: readonly string[], goal: 'ready' | 'deleted'): Missing => {
  const all = Object.values(state.metaInstances)
  const resting: string[] = []
  const pending = wanted.flatMap((text) => {
    const found = declarationsBy(all, text)
    if (goal === 'deleted') return found.length === 0 ? [] : [`${text} is still declared`]
    if (found.length === 0) return [`${text} is not declared`]
    return found.flatMap((one) => {
      if (isServing(state, one)) return []
      const reason = restingText(state, one)
      if (reason === undefined) return [`${labelOf(one)} ${loadingText(state, one)}`]
      resting.push(reason)
      return []
    })
  })
  return { pending, resting }
}

const timedOut = (lines: readonly string[], seconds: number): CommandError =>
  new CommandError(`After ${seconds} s: ${lines.join('; ')}`, {
    hint: 'See `muster ps`; --timeout waits longer.',
    exitCode: UNREACHABLE,
    code: 'timed_out',
  })

/** Waits until declarations are ready or deleted, with progress on standard error. */
export const run = async (flags: WaitFlags, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const { for: goal, timeout, json } = flags
  if (goal !== 'ready' && goal !== 'deleted')
    throw new CommandError(`There is nothing to wait for called ${goal}`, {
      hint: 'Use --for ready or --for deleted.',
      exitCode: WRONG_USE,
    })
  const files = flags.file ? await readFiles(flags.file) : []
  const named = files.flatMap(({ documents }) => documents.map(({ name }) => name))
  const wanted = [...new Map([...flags.names, ...named].map((name) => [nameKey(name), name])).values()]
  if (wanted.length === 0)
    throw new CommandError('No declaration given', {
      hint: 'Give names of declarations, or files with -f.',
      exitCode: WRONG_USE,
    })
  const progress = new Progress(err)
  const stop = AbortSignal.timeout(Math.min(timeout * 1000, LONGEST_MS))
  let last: Missing = { pending: ['no answer from the node'], resting: [] }
  try {
    for await (const state of followStates(api, { signal: stop, onLost: (text) => progress.show('lost', text) })) {
      last = missing(state, wanted, goal)
      if (last.pending.length === 0) break
      await progress.show(last.pending.map((line) => line.split(' ', 2).join(' ')).join(), last.pending.join('; '))
    }
  } finally {
    await progress.end()
  }
  if (last.pending.length > 0) throw timedOut(last.pending, timeout)
  // A file may declare a paused model; a name on the command line means that it should be ready.
  if (last.resting.length > 0 && flags.names.length > 0)
    throw new CommandError(last.resting.join('; '), {
      hint: '`muster resume NAME` loads a paused one; `muster get NAME` shows the hours.',
    })
  for (const line of last.resting) await err.line(line)
  if (json) await out.json({ for: goal, names: wanted })
  return DONE
}
