import type { Instance } from '@core/state/instances'
import type { Node } from '@core/state/nodes'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'

/** One part of a machine's memory bar; `share` of all its memory, from 0 to 1. */
export interface Band {
  readonly key: string
  readonly label: string
  readonly bytes: number
  readonly share: number
  /** A CSS colour from the tokens. */
  readonly colour: string
}

const COLOURS = 4

/** A model keeps its colour on all machines, and when its instance is replaced. */
export const bandColour = (state: State, { metaInstanceId, instanceId }: Instance): string => {
  const declared = Object.keys(state.metaInstances)
  const at =
    metaInstanceId === undefined
      ? declared.length + Object.keys(state.instances).indexOf(instanceId)
      : declared.indexOf(metaInstanceId)
  return `var(--band-${1 + (Math.max(0, at) % COLOURS)})`
}

/** What people call an instance: by the declaration it stands for, if that has a name. */
export const instanceName = (state: State, { metaInstanceId, modelId }: Instance): string =>
  (metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]?.name) ?? shortName(modelId)

/** What fills a machine's memory: other programs, then each of our models. The rest is free. */
export const bandsOf = (state: State, { nodeId, memory }: Node): { bands: Band[]; freeBytes: number } => {
  const { ramTotal, ramAvailable, heldByRunners } = memory
  const share = (bytes: number): number => (ramTotal === 0 ? 0 : bytes / ramTotal)
  const others = Math.max(0, ramTotal - ramAvailable - heldByRunners)
  const bands: Band[] = [
    { key: 'others', label: 'Other programs', bytes: others, share: share(others), colour: 'var(--band-other)' },
  ]
  let promised = 0
  for (const instance of Object.values(state.instances)) {
    const bytes = instance.claims[nodeId]
    if (bytes === undefined) continue
    promised += bytes
    const label = instanceName(state, instance)
    bands.push({ key: instance.instanceId, label, bytes, share: share(bytes), colour: bandColour(state, instance) })
  }
  return { bands, freeBytes: Math.max(0, ramTotal - others - Math.max(promised, heldByRunners)) }
}
