import type { OutputLine } from './output'
import type { Scenario } from '@core/simulation/scenario'
import { simulate } from './simulate'
import { Trace } from '@core/simulation/trace'

/** `json`: one line per event, then the final state. `trace`: readable lines in virtual time. */
export interface TranscriptOptions {
  readonly form: 'json' | 'trace'
}

/** The complete output of a scenario. Deterministic: the same scenario gives the same bytes. */
export const transcriptOf = async (scenario: Scenario, { form }: TranscriptOptions): Promise<string> => {
  const lines: string[] = []
  if (form === 'trace') {
    const trace = new Trace((line) => lines.push(line))
    trace.end(await simulate(scenario, trace))
  } else {
    const print = (line: OutputLine): void => void lines.push(JSON.stringify(line))
    const finalState = await simulate(scenario, {
      event: ({ at, index, term, event }, _before, _after, node) =>
        print(node === undefined ? { at, index, event } : { at, node, term, index, event }),
      refused: (at, command, { reason }, via) =>
        print({ at, refused: { command, reason, ...(via !== undefined && { via }) } }),
      happened: (at, { kind, ...what }) => print({ at, [kind]: what }),
    })
    print({ finalState })
  }
  return lines.map((line) => `${line}\n`).join('')
}
