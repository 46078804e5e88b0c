import type { PythonView, SleepSettings } from '../protocols/setup'
import type { Node } from '../state/nodes'
import type { CodedText } from '../texts/coded'
import type { CodedStep } from '../warnings/warning'

export type CheckId = 'python' | 'memory' | 'disk' | 'chip' | 'thunderbolt' | 'localNetwork' | 'sleep'

/** `hint`: works, and could be better. `problem`: models cannot run, or not all the time. `working`: it is being put right. */
export type CheckState = 'ok' | 'hint' | 'problem' | 'working'

/** One thing about this machine that decides how well it can run models. */
export interface Check {
  readonly id: CheckId
  readonly title: CodedText
  readonly state: CheckState
  readonly line: CodedText
  /** What to do, step by step; empty where nothing is to be done. */
  readonly fix: readonly CodedStep[]
}

export interface CheckInputs {
  readonly node: Node
  readonly python: PythonView
  readonly sleep: SleepSettings | undefined
  /** Other machines that are heard on the network or are members: macOS lets this one see them. */
  readonly othersSeen: number
}
