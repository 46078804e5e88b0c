import type { NodeId } from '@core/ids'
import { claimedBytes, freeBytes } from '@core/placement/memory'
import type { ModelCard } from '@core/placement/model-card'
import { PlacementSpace } from '@core/placement/space'
import type { State } from '@core/state/state'
import { bytesText } from '../../state/text'
import { fitOn, plainFit, type Fit } from '../fits/fit'

/** A model that can be put on machines: with its card where its files are known, else with its size. */
export interface PlaceableModel {
  readonly modelId: string
  readonly title: string
  readonly bytes: number | undefined
  readonly card?: ModelCard | undefined
}

/** A place that a model can be launched on, or why it cannot. */
export interface Target {
  readonly nodeId: NodeId
  readonly name: string
  readonly fit: Fit
}

/** By its size alone: how it may be shared out is known once its files are. */
const fitBySize = (state: State, bytes: number | undefined, nodeIds: readonly NodeId[]): Fit => {
  const claimed = claimedBytes(state)
  let free = 0
  for (const nodeId of nodeIds) {
    const node = state.nodes[nodeId]
    if (!node) return { fits: false, reason: 'offline' }
    if (!node.worker) return { fits: false, reason: 'runs no models' }
    if (node.cannotRun !== undefined) return { fits: false, reason: `cannot run models: ${node.cannotRun}` }
    free += freeBytes(state, nodeId, claimed)
  }
  if (bytes === undefined) return { fits: true, text: 'to download' }
  if (bytes > free) return { fits: false, reason: `needs ${bytesText(bytes - free)} more` }
  return { fits: true, text: `uses about ${bytesText(bytes)} · to download` }
}

/** What would become of the model on just these machines. */
export const fitOnMachines = (state: State, { card, bytes }: PlaceableModel, nodeIds: readonly NodeId[]): Fit =>
  card ? fitOn(state, card, nodeIds) : fitBySize(state, bytes, nodeIds)

/** Whether Muster would find a place for it, and what that would give; undefined where no machine is known. */
export const fitAnywhere = (state: State, model: PlaceableModel): Fit | undefined =>
  model.card
    ? plainFit(new PlacementSpace(state), model.card)
    : fitBySize(
        state,
        model.bytes,
        Object.values(state.nodes).flatMap(({ nodeId, worker, cannotRun }) =>
          worker && cannotRun === undefined ? [nodeId] : [],
        ),
      )

/** All machines as targets, those that it fits first. */
export const targetsOf = (state: State, model: PlaceableModel): readonly Target[] => {
  const all = Object.values(state.members).map(({ nodeId, friendlyName: name }) => ({
    nodeId,
    name,
    fit: fitOnMachines(state, model, [nodeId]),
  }))
  return [...all.filter(({ fit }) => fit.fits), ...all.filter(({ fit }) => !fit.fits)]
}

/** A target's fit as a sentence goes on: `uses 6.2 GB · about 34 tokens/s`, `needs 8 GB more`. */
export const fitText = (fit: Fit): string => (fit.fits ? fit.text : fit.reason)
