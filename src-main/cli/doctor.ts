import { connections } from './examinations/connections'
import type { Examination, Examined, Finding } from './examinations/finding'
import { warnings } from './examinations/warnings'
import { RemoteError, type RemoteFlags, type Streams } from './remote'

const EXAMINATIONS: readonly Examination[] = [warnings, connections]

const WORDS: Readonly<Record<Finding['severity'], string>> = { error: 'Error', warning: 'Warning', hint: 'Hint' }

/** Commands stand on lines of their own, so that they can be copied. */
const textOf = ({ severity, title, cause, fix, between = [] }: Finding): string => {
  const steps = fix.flatMap(({ text, commands = [] }, at) => [
    `  ${at + 1}. ${text}`,
    ...commands.map((command) => `       ${command}`),
  ])
  const pairs = between.map((pair) => `  Between ${pair}.`)
  return [`${WORDS[severity]}: ${title}`, `  ${cause}`, ...pairs, ...steps].join('\n')
}

/** An examination that could not be made hides nothing that another one found. */
type Result = { readonly examination: Examination } & (
  { readonly examined: Examined } | { readonly error: RemoteError }
)

const make = async (examination: Examination, flags: RemoteFlags): Promise<Result> => {
  try {
    return { examination, examined: await examination.examine(flags) }
  } catch (error) {
    if (error instanceof RemoteError) return { examination, error }
    // Its answer is none that is known here: that of another version.
    const problem = new RemoteError('The node’s answer is not understood.', 'Use the `muster` of the same version.')
    return { examination, error: problem }
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

/** Prints what a running node finds wrong with its cluster. Exit code 0 where that is nothing, else 1. */
export const doctor = async (flags: RemoteFlags, { out }: Pick<Streams, 'out'>): Promise<number> => {
  const results = await Promise.all(EXAMINATIONS.map((examination) => make(examination, flags)))
  const [first] = results
  // Nothing could be examined: that is no finding, but a failure.
  if (first && 'error' in first && results.every((result) => 'error' in result)) throw first.error
  const findings = results.flatMap(findingsOf)
  if (flags.json) await out(`${JSON.stringify(jsonOf(results))}\n`)
  else await out(findings.length === 0 ? 'Nothing is wrong.\n' : `${findings.map(textOf).join('\n\n')}\n`)
  return findings.length === 0 ? 0 : 1
}
