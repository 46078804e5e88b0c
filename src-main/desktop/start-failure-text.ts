import { z } from 'zod'
import type { Translator } from '@core/texts/translator'

/** Errors thrown by parts of a node: message with cause, code, and remedy. */
const Explained = z.object({ message: z.string(), code: z.string().optional(), hint: z.string().optional() })

export interface StartFailureText {
  readonly what: string
  readonly whyAndWhatToDo: string
  /** Text for a report: the same with technical details. */
  readonly details: string
}

const sentence = (text: string): string => (/[.!?…。]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

/** The stack of an error and of its causes, the outermost first. */
const causes = (error: unknown): string[] => {
  const lines: string[] = []
  for (let one = error; one !== undefined && lines.length < 8; one = one instanceof Error ? one.cause : undefined) {
    lines.push(one instanceof Error ? (one.stack ?? String(one)) : String(one))
  }
  return lines
}

/** The message for a user whose app could not start its node. */
export const startFailureText = (
  error: unknown,
  surroundings: { readonly dataDir: string; readonly runsOn: string; readonly translator: Translator },
): StartFailureText => {
  const { dataDir, runsOn, translator } = surroundings
  const explained = Explained.safeParse(error)
  const { message, code, hint } = explained.success ? explained.data : { message: String(error) }
  const what = translator.text('desktop.cannotStart')
  const remedy = hint ?? translator.text('desktop.cannotStartHint', { folder: `${dataDir}/logs` })
  const whyAndWhatToDo = `${sentence(message)}\n\n${sentence(remedy)}`
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
