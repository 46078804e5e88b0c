import { WarningsResponse } from '@core/protocols/control'
import type { Warning } from '@core/warnings/warning'
import { askNode, type RemoteFlags, type Streams } from './remote'

/** What is wrong, why, and how it is put right. */
export type Finding = Pick<Warning, 'severity' | 'title' | 'cause' | 'fix'>

/** One part of the node that can say what is wrong, under the name that `--json` gives it. */
interface Examination {
  readonly name: string
  readonly examine: (flags: RemoteFlags) => Promise<readonly Finding[]>
}

const EXAMINATIONS: readonly Examination[] = [
  {
    name: 'warnings',
    examine: async (flags) => WarningsResponse.parse(await askNode(flags, '/warnings')).warnings,
  },
]

const WORDS: Readonly<Record<Finding['severity'], string>> = { error: 'Error', warning: 'Warning', hint: 'Hint' }

/** Commands stand on lines of their own, so that they can be copied. */
const textOf = ({ severity, title, cause, fix }: Finding): string => {
  const steps = fix.flatMap(({ text, commands = [] }, at) => [
    `  ${at + 1}. ${text}`,
    ...commands.map((command) => `       ${command}`),
  ])
  return [`${WORDS[severity]}: ${title}`, `  ${cause}`, ...steps].join('\n')
}

/** Prints what a running node finds wrong with its cluster. Exit code 0 where that is nothing, else 1. */
export const doctor = async (flags: RemoteFlags, { out }: Pick<Streams, 'out'>): Promise<number> => {
  const results = await Promise.all(
    EXAMINATIONS.map(async ({ name, examine }) => ({ name, findings: await examine(flags) })),
  )
  const findings = results.flatMap((result) => result.findings)
  if (flags.json)
    await out(`${JSON.stringify(Object.fromEntries(results.map(({ name, findings: found }) => [name, found])))}\n`)
  else await out(findings.length === 0 ? 'Nothing is wrong.\n' : `${findings.map(textOf).join('\n\n')}\n`)
  return findings.length === 0 ? 0 : 1
}
