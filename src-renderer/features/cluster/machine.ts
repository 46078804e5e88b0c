import type { Instance } from '@core/state/instances'
import type { Node } from '@core/state/nodes'
import type { State } from '@core/state/state'

/** One part of a machine's memory bar; `share` of all its memory, from 0 to 1. */
export interface Band {
  readonly key: string
  readonly label: string
  readonly bytes: number
  readonly share: number
  /** Which of the band colours; undefined for what is not ours. */
  readonly colour: number | undefined
}

const COLOURS = 4

/** A model keeps its colour on all machines. */
const colourOf = (state: State, { instanceId }: Instance): number =>
  1 + (Object.keys(state.instances).indexOf(instanceId) % COLOURS)

/** What fills a machine's memory: other programs, then each of our models. The rest is free. */
export const bandsOf = (state: State, { nodeId, memory }: Node): { bands: Band[]; freeBytes: number } => {
  const { ramTotal, ramAvailable, heldByRunners } = memory
  const others = Math.max(0, ramTotal - ramAvailable - heldByRunners)
  const bands: Band[] = [
    { key: 'others', label: 'Other programs', bytes: others, share: others / ramTotal, colour: undefined },
  ]
  let promised = 0
  for (const instance of Object.values(state.instances)) {
    const bytes = instance.claims[nodeId]
    if (bytes === undefined) continue
    promised += bytes
    const label = instance.modelId.split('/').at(-1) ?? instance.modelId
    bands.push({ key: instance.instanceId, label, bytes, share: bytes / ramTotal, colour: colourOf(state, instance) })
  }
  return { bands, freeBytes: Math.max(0, ramTotal - others - Math.max(promised, heldByRunners)) }
}
