import type { Warning } from '@core/warnings/warning'
import type { NodeApi } from '../api/node-api'

/** What is wrong, why, and how it is put right. */
export interface Finding extends Pick<Warning, 'severity' | 'title' | 'cause' | 'fix'> {
  /** Which machines it keeps apart, where it is a matter between machines. */
  readonly between?: readonly string[]
}

export interface Examined {
  /** For people. */
  readonly findings: readonly Finding[]
  /** For programs: what the node itself said. */
  readonly json: readonly object[]
}

/** One part of the node that can say what is wrong. */
export interface Examination {
  /** What `--json` calls it. */
  readonly name: string
  /** What people call it, in "… could not be examined". */
  readonly title: string
  readonly examine: (api: NodeApi) => Promise<Examined>
}
