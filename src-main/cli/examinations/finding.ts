import type { Warning } from '@core/warnings/warning'
import type { NodeApi } from '../api/node-api'

/** A problem, its cause and its fix. */
export interface Finding extends Pick<Warning, 'severity' | 'title' | 'cause' | 'fix'> {
  /** The pairs of machines that it disconnects, if any. */
  readonly between?: readonly string[]
}

export interface Examined {
  /** Text output. */
  readonly findings: readonly Finding[]
  /** JSON output: the node's own data. */
  readonly json: readonly object[]
}

/** A source of findings in the node. */
export interface Examination {
  /** Its name in `--json`. */
  readonly name: string
  /** Its title in "… could not be examined". */
  readonly title: string
  readonly examine: (api: NodeApi) => Promise<Examined>
}
