import type { NodeId } from '@core/ids'
import type { Ending } from '@core/placement/ending'
import { expectationOf, DEFAULT_LAUNCH, type Expectation } from '@core/placement/expectation'
import type { ModelCard } from '@core/placement/model-card'
import { PlacementSpace } from '@core/placement/space'
import { nodeName } from '@core/state/bindings'
import { exclusionOf, type Exclusion } from '@core/state/exclusions'
import type { PlacementError } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { CodedText } from '@core/texts/coded'
import { loadedOnRequest } from '../launch/declare'

interface Speed {
  readonly tokensPerSecond: number
}

/** Expected use and speed of a placement. */
export interface Fitting {
  readonly fits: true
  /** On the only machine, on one of several, or on several together. */
  readonly where?: { readonly kind: 'here' } | { readonly kind: 'on'; readonly name: string } | Together
  readonly uses?: { readonly bytes: number; readonly machines: number; readonly roughly?: boolean }
  readonly predicted?: Speed
  readonly measured?: Speed
  /** What ends because its memory is needed. */
  readonly ends?: readonly Ending[]
  /** Its files must be downloaded first. */
  readonly toDownload?: boolean
}

interface Together {
  readonly kind: 'together'
  readonly machines: number
}

/** Why a model does not fit. */
export type Lack =
  | { readonly kind: 'memory'; readonly bytes: number }
  | { readonly kind: 'offline' | 'no-worker' | 'nowhere' }
  | { readonly kind: 'cannot-run'; readonly why: string; readonly coded: CodedText | undefined }
  /** All of the machines are excluded by the same rule. */
  | { readonly kind: 'excluded'; readonly exclusion: Exclusion }
  /** A violated placement rule. */
  | { readonly kind: 'rule'; readonly text: string; readonly coded: CodedText | undefined }

/** Predicted placement of a model; `fit-text.ts` has its texts. Plain data, because it is sent by a worker. */
export type Fit = Fitting | { readonly fits: false; readonly lack: Lack }

type Placed = Extract<Expectation, { status: 'placed' }>

/** A launch of what a request has loaded makes that permanent: nothing ends for it. */
const spaceFor = (space: PlacementSpace, { modelId }: ModelCard): PlacementSpace =>
  loadedOnRequest(space.state, modelId) ? new PlacementSpace(space.state, []) : space

/** What is known of a placement besides its machines. */
const knownOf = ({ ends, predicted, measured }: Placed): Pick<Fitting, 'ends' | 'predicted' | 'measured'> => ({
  ...(ends.length > 0 && { ends }),
  ...(predicted && { predicted: { tokensPerSecond: predicted.tokensPerSecond } }),
  ...(measured && { measured: { tokensPerSecond: measured.tokensPerSecond } }),
})

/** Why the model does not fit on these machines. */
const lackOf = ({ details, reason, coded }: PlacementError, nodeIds: readonly NodeId[]): Lack => {
  const missing = (details?.neededBytes ?? 0) - (details?.freeBytes ?? 0)
  if (missing > 0) return { kind: 'memory', bytes: missing }
  if (details?.neededBytes !== undefined) return { kind: 'nowhere' }
  const common = details?.removed.find((group) => nodeIds.every((nodeId) => group.nodeIds.includes(nodeId)))
  const exclusion = common && exclusionOf(common)
  if (exclusion) return { kind: 'excluded', exclusion }
  return nodeIds.length === 1 ? { kind: 'rule', text: reason, coded: details?.problem ?? coded } : { kind: 'nowhere' }
}

/** Prediction for a launch on exactly these machines. */
export const fitOn = (space: PlacementSpace, card: ModelCard, nodeIds: readonly NodeId[]): Fit => {
  const expected = expectationOf(spaceFor(space, card), card, {
    ...DEFAULT_LAUNCH,
    nodeIds: [...nodeIds],
    minNodes: nodeIds.length,
  })
  switch (expected.status) {
    case 'placed': {
      const claims = Object.values(expected.claims)
      const bytes = claims.reduce((sum, each) => sum + each, 0)
      return { fits: true, uses: { bytes, machines: claims.length }, ...knownOf(expected) }
    }
    case 'refused':
      return { fits: false, lack: lackOf(expected.error, nodeIds) }
  }
}

const whereOf = (state: State, nodeIds: readonly NodeId[]): NonNullable<Fitting['where']> => {
  const [first, ...others] = nodeIds
  if (first === undefined || Object.keys(state.nodes).length === 1) return { kind: 'here' }
  return others.length === 0
    ? { kind: 'on', name: nodeName(state, first) }
    : { kind: 'together', machines: nodeIds.length }
}

/** Prediction for a launch with default options; undefined while no machine is known. */
export const plainFit = (space: PlacementSpace, card: ModelCard): Fit | undefined => {
  const { state } = space
  const nodeIds = Object.values(state.nodes).map(({ nodeId }) => nodeId)
  if (nodeIds.length === 0) return undefined
  const expected = expectationOf(spaceFor(space, card), card)
  switch (expected.status) {
    case 'placed':
      return { fits: true, where: whereOf(state, expected.nodeIds), ...knownOf(expected) }
    case 'refused':
      return { fits: false, lack: lackOf(expected.error, nodeIds) }
  }
}
