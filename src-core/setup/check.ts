import type { PythonView, SleepSettings } from '../protocols/setup'
import type { Node } from '../state/nodes'
import type { CodedText } from '../texts/coded'
import type { CodedStep } from '../warnings/warning'

export type CheckId = 'python' | 'memory' | 'disk' | 'chip' | 'thunderbolt' | 'localNetwork' | 'sleep'

/** `hint`: works, could be better. `problem`: models cannot run, or not always. `working`: being fixed. */
export type CheckState = 'ok' | 'hint' | 'problem' | 'working'

/** Result of checking one property of this machine that affects how well it runs models. */
export interface Check {
  readonly id: CheckId
  readonly title: CodedText
  readonly state: CheckState
  readonly line: CodedText
  /** What to do, step by step; empty if nothing. */
  readonly fix: readonly CodedStep[]
}

export interface CheckInputs {
  readonly node: Node
  readonly python: PythonView
  readonly sleep: SleepSettings | undefined
  /** Number of other machines discovered or connected: proves that macOS allows local network access. */
  readonly othersSeen: number
}
