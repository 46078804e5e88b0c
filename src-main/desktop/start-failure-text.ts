import { z } from 'zod'
import type { Translator } from '@core/texts/translator'

/** What the parts of a node throw: what happened and why, a word for it, and what to do. */
const Explained = z.object({ message: z.string(), code: z.string().optional(), hint: z.string().optional() })

export interface StartFailureText {
  readonly what: string
  readonly whyAndWhatToDo: string
  /** For a report: the same with what only an expert reads. */
  readonly details: string
}

const sentence = (text: string): string => (/[.!?…。]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

/** The error and what caused it, the outermost first. */
const causes = (error: unknown): string[] => {
  const lines: string[] = []
  for (let one = error; one !== undefined && lines.length < 8; one = one instanceof Error ? one.cause : undefined) {
    lines.push(one instanceof Error ? (one.stack ?? String(one)) : String(one))
  }
  return lines
}

/** What to tell a person whose app could not start its node. */
export const startFailureText = (
  error: unknown,
  surroundings: { readonly dataDir: string; readonly runsOn: string; readonly translator: Translator },
): StartFailureText => {
  const { dataDir, runsOn, translator } = surroundings
  const explained = Explained.safeParse(error)
  const { message, code, hint } = explained.success ? explained.data : { message: String(error) }
  const what = translator.text('desktop.cannotStart')
  const toDo = hint ?? translator.text('desktop.cannotStartHint', { folder: `${dataDir}/logs` })
  const whyAndWhatToDo = `${sentence(message)}\n\n${sentence(toDo)}`
  return {
    what,
    whyAndWhatToDo,
    details: [
      `${what} ${sentence(message)}`,
      ...(code === undefined ? [] : [`Code: ${code}`]),
      `Data folder: ${dataDir}`,
      `Runs on: ${runsOn}`,
      '',
      ...causes(error),
    ].join('\n'),
  }
}
