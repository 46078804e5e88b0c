import type { NodeApi } from '../api/node-api'
import type { CommandContext, CommonOptions } from '../context'
import { connections } from '../examinations/connections'
import { declarations } from '../examinations/declarations'
import type { Examination, Examined, Finding } from '../examinations/finding'
import { warnings } from '../examinations/warnings'
import { CommandError, DONE, FAILED, type ExitCode } from '../exit-codes'

const EXAMINATIONS: readonly Examination[] = [warnings, connections, declarations]

const WORDS: Readonly<Record<Finding['severity'], string>> = { error: 'Error', warning: 'Warning', hint: 'Hint' }

/** Commands get lines of their own, so that they can be copied. */
const textOf = ({ severity, title, cause, fix, between = [] }: Finding): string => {
  const steps = fix.flatMap(({ text, commands = [] }, at) => [
    `  ${at + 1}. ${text}`,
    ...commands.map((command) => `       ${command}`),
  ])
  const pairs = between.map((pair) => `  Between ${pair}.`)
  return [`${WORDS[severity]}: ${title}`, `  ${cause}`, ...pairs, ...steps].join('\n')
}

/** Keeps the error of a failed examination, so that it does not hide the findings of the others. */
type Result = { readonly examination: Examination } & (
  { readonly examined: Examined } | { readonly error: CommandError }
)

const make = async (examination: Examination, api: NodeApi): Promise<Result> => {
  try {
    return { examination, examined: await examination.examine(api) }
  } catch (error) {
    if (error instanceof CommandError) return { examination, error }
    throw error
  }
}

const findingsOf = (result: Result): readonly Finding[] => {
  if ('examined' in result) return result.examined.findings
  const { message, hint = 'Try again.' } = result.error
  const title = `${result.examination.title} could not be examined.`
  return [{ severity: 'error', title, cause: message, fix: [{ text: hint }] }]
}

const jsonOf = (results: readonly Result[]): object => {
  const failed = results.flatMap((result) => ('error' in result ? [result] : []))
  return {
    ...Object.fromEntries(
      results.flatMap((result) => ('examined' in result ? [[result.examination.name, result.examined.json]] : [])),
    ),
    ...(failed.length > 0 && {
      failed: failed.map(({ examination: { name }, error: { message, hint } }) => ({
        examination: name,
        message,
        ...(hint !== undefined && { hint }),
      })),
    }),
  }
}

/** Prints problems that a running node finds in its cluster. Exit code 0 if there are none, else 1. */
export const run = async (
  { json }: CommonOptions,
  { api, out }: Pick<CommandContext, 'api' | 'out'>,
): Promise<ExitCode> => {
  const results = await Promise.all(EXAMINATIONS.map((examination) => make(examination, api)))
  const [first] = results
  // All examinations failed: report an error, not "no findings".
  if (first && 'error' in first && results.every((result) => 'error' in result)) throw first.error
  const findings = results.flatMap(findingsOf)
  if (json) await out.json(jsonOf(results))
  else await out.line(findings.length === 0 ? 'Nothing is wrong.' : findings.map(textOf).join('\n\n'))
  return findings.length === 0 ? DONE : FAILED
}
