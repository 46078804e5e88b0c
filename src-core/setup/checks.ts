import type { Check, CheckInputs } from './check'
import { memoryCheck, diskCheck, chipCheck } from './machine-checks'
import { localNetworkCheck, sleepCheck, thunderboltCheck } from './mac-checks'
import { pythonCheck } from './python-check'

/** Returns the checks of this machine, most important first. */
export const checksOf = (inputs: CheckInputs): readonly Check[] => {
  const { node } = inputs
  const everywhere = [pythonCheck(inputs), chipCheck(node), memoryCheck(node), diskCheck(node)]
  const onMacs = [thunderboltCheck(node), localNetworkCheck(inputs), sleepCheck(inputs)]
  return [...everywhere, ...(node.os.platform === 'darwin' ? onMacs : [])].filter((check) => check !== undefined)
}
