import type { NodeId } from '@core/ids'
import { claimedBytes, freeBytes } from '@core/placement/memory'
import type { ModelCard } from '@core/placement/model-card'
import type { PlacementSpace } from '@core/placement/space'
import { fewestToEnd } from '@core/placement/giving-way'
import { endingsOf } from '@core/placement/making-room'
import type { State } from '@core/state/state'
import { fitOn, plainFit, type Fit } from '../fits/fit'
import { usableMachines } from '../fits/usable-machines'

/** A model to place: with its card if its files are known, else with its size. */
export interface PlaceableModel {
  readonly modelId: string
  readonly title: string
  readonly bytes: number | undefined
  readonly card?: ModelCard | undefined
}

/** A place for a launch, or why it is not possible. */
export interface Target {
  readonly nodeId: NodeId
  readonly name: string
  readonly fit: Fit
}

const freeOn = (state: State, nodeIds: readonly NodeId[]): number => {
  const claimed = claimedBytes(state)
  return nodeIds.reduce((sum, nodeId) => sum + freeBytes(state, nodeId, claimed), 0)
}

/** By size alone: sharding constraints are unknown before the download. */
const fitBySize = (space: PlacementSpace, bytes: number | undefined, nodeIds: readonly NodeId[]): Fit => {
  const { state } = space
  for (const nodeId of nodeIds) {
    const node = state.nodes[nodeId]
    if (!node) return { fits: false, lack: { kind: 'offline' } }
    if (!node.worker) return { fits: false, lack: { kind: 'no-worker' } }
    if (node.cannotRun !== undefined)
      return { fits: false, lack: { kind: 'cannot-run', why: node.cannotRun, coded: node.cannotRunCoded } }
  }
  if (bytes === undefined) return { fits: true, toDownload: true }
  const fitting = { fits: true, uses: { bytes, machines: nodeIds.length, roughly: true }, toDownload: true } as const
  const free = freeOn(state, nodeIds)
  if (bytes <= free) return fitting
  const ending = fewestToEnd(space.mayEnd, (ended) => bytes <= freeOn(space.without(ended).state, nodeIds))
  if (ending) return { ...fitting, ends: endingsOf(state, ending) }
  return { fits: false, lack: { kind: 'memory', bytes: bytes - free } }
}

/** Prediction for exactly these machines. */
export const fitOnMachines = (
  space: PlacementSpace,
  { card, bytes }: PlaceableModel,
  nodeIds: readonly NodeId[],
): Fit => (card ? fitOn(space, card, nodeIds) : fitBySize(space, bytes, nodeIds))

/** Prediction for a placement by Muster; undefined while no machine is known. */
export const fitAnywhere = (space: PlacementSpace, model: PlaceableModel): Fit | undefined =>
  model.card
    ? plainFit(space, model.card)
    : fitBySize(
        space,
        model.bytes,
        usableMachines(space.state).map(({ nodeId }) => nodeId),
      )

/** All machines as targets, fitting ones first. */
export const targetsOf = (space: PlacementSpace, model: PlaceableModel): readonly Target[] => {
  const all = Object.values(space.state.members).map(({ nodeId, friendlyName: name }) => ({
    nodeId,
    name,
    fit: fitOnMachines(space, model, [nodeId]),
  }))
  return [...all.filter(({ fit }) => fit.fits), ...all.filter(({ fit }) => !fit.fits)]
}
