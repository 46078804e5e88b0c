import type { Instance } from '@core/state/instances'
import type { Node } from '@core/state/nodes'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { t } from '../../state/texts.svelte'

/** A segment of a machine's memory bar; `share` of total memory, from 0 to 1. */
export interface Band {
  readonly key: string
  readonly label: string
  readonly bytes: number
  readonly share: number
  /** A CSS colour token. */
  readonly colour: string
}

/** Number of colours, `--band-1` to `--band-7`; neighbours contrast. */
const COLOURS = 7

/** Colour by instance. */
export type BandColours = Readonly<Record<string, string>>

/**
 * Assigns colours so that a model keeps its colour on all machines and when its instance is replaced. Declarations take
 * colours in turn; on a conflict on the same machine, the next least used one.
 */
export const bandColours = (state: Pick<State, 'instances' | 'metaInstances'>): BandColours => {
  const declared = Object.keys(state.metaInstances)
  const turns: Record<string, number> = Object.fromEntries(declared.map((id, turn) => [id, turn]))
  const used: Record<string, number> = {}
  const chosen: Record<string, number> = {}
  const turnOf = ({ metaInstanceId }: Instance, at: number): number =>
    metaInstanceId === undefined ? declared.length + at : (turns[metaInstanceId] ?? 0)
  const inTurn = Object.values(state.instances)
    .map((instance, at) => ({ instance, turn: turnOf(instance, at) }))
    .sort((a, b) => a.turn - b.turn)
  for (const { instance, turn } of inTurn) {
    const machines = Object.keys(instance.claims)
    const owner = instance.metaInstanceId ?? instance.instanceId
    const clashes = (colour: number): number =>
      machines.reduce((count, nodeId) => count + (used[`${nodeId} ${colour}`] ?? 0), 0)
    const candidates = Array.from({ length: COLOURS }, (_none, further) => (turn + further) % COLOURS)
    const best = candidates.reduce((a, b) => (clashes(b) < clashes(a) ? b : a))
    const colour = (chosen[owner] ??= best)
    for (const nodeId of machines) used[`${nodeId} ${colour}`] = (used[`${nodeId} ${colour}`] ?? 0) + 1
  }
  return Object.fromEntries(
    inTurn.map(({ instance: { instanceId, metaInstanceId } }) => [
      instanceId,
      `var(--band-${1 + (chosen[metaInstanceId ?? instanceId] ?? 0)})`,
    ]),
  )
}

/** An instance's name: its declaration's, else its model's. */
export const instanceName = (state: State, { metaInstanceId, modelId }: Instance): string =>
  (metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]?.name) ?? shortName(modelId)

/** Bytes of a machine's memory that other programs than runners use. */
export const usedByOthers = ({ memory }: Pick<Node, 'memory'>): number =>
  Math.max(0, memory.ramTotal - memory.ramAvailable - memory.heldByRunners)

export interface MachineMemory {
  readonly bands: readonly Band[]
  readonly freeBytes: number
}

/** Segments of a machine's memory: other programs, then our models. The rest is free. */
export const bandsOf = (state: State, { nodeId, memory }: Node, colours: BandColours): MachineMemory => {
  const { ramTotal, heldByRunners } = memory
  const share = (bytes: number): number => (ramTotal === 0 ? 0 : bytes / ramTotal)
  const others = usedByOthers({ memory })
  const bands: Band[] = [
    {
      key: 'others',
      label: t('cluster.otherPrograms'),
      bytes: others,
      share: share(others),
      colour: 'var(--band-other)',
    },
  ]
  let promised = 0
  for (const instance of Object.values(state.instances)) {
    const bytes = instance.claims[nodeId]
    if (bytes === undefined) continue
    promised += bytes
    const label = instanceName(state, instance)
    const colour = colours[instance.instanceId] ?? 'var(--band-1)'
    bands.push({ key: instance.instanceId, label, bytes, share: share(bytes), colour })
  }
  return { bands, freeBytes: Math.max(0, ramTotal - others - Math.max(promised, heldByRunners)) }
}
