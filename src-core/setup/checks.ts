import type { PythonView, SleepSettings } from '../protocols/setup'
import type { Node } from '../state/nodes'
import type { FixStep } from '../warnings/warning'
import { memoryCheck, diskCheck, chipCheck } from './machine-checks'
import { localNetworkCheck, sleepCheck, thunderboltCheck } from './mac-checks'
import { pythonCheck } from './python-check'

export type CheckId = 'python' | 'memory' | 'disk' | 'chip' | 'thunderbolt' | 'localNetwork' | 'sleep'

/** `hint`: works, and could be better. `problem`: models cannot run, or not all the time. `working`: it is being put right. */
export type CheckState = 'ok' | 'hint' | 'problem' | 'working'

/** One thing about this machine that decides how well it can run models. */
export interface Check {
  readonly id: CheckId
  readonly title: string
  readonly state: CheckState
  readonly line: string
  /** What to do, step by step; empty where nothing is to be done. */
  readonly fix: readonly FixStep[]
}

export interface CheckInputs {
  readonly node: Node
  readonly python: PythonView
  readonly sleep: SleepSettings | undefined
  /** Other machines that are heard on the network or are members: macOS lets this one see them. */
  readonly othersSeen: number
}

/** What a person should know of this machine before it runs models, in the order of what to look at first. */
export const checksOf = (inputs: CheckInputs): readonly Check[] => {
  const { node } = inputs
  const everywhere = [pythonCheck(inputs), chipCheck(node), memoryCheck(node), diskCheck(node)]
  const onMacs = [thunderboltCheck(node), localNetworkCheck(inputs), sleepCheck(inputs)]
  return [...everywhere, ...(node.os.platform === 'darwin' ? onMacs : [])].filter((check) => check !== undefined)
}
