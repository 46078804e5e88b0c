import type { NodeId } from '@core/ids'
import { expectationOf, PLAIN_LAUNCH, type ExpectedSpeed } from '@core/placement/expectation'
import type { ModelCard } from '@core/placement/model-card'
import { PlacementSpace } from '@core/placement/space'
import { nodeName } from '@core/state/bindings'
import type { PlacementError } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { bytesText, counted, expectedSpeedText } from '../../state/text'

/** What would become of a model, in a few words. */
export type Fit = { readonly fits: true; readonly text: string } | { readonly fits: false; readonly reason: string }

const parts = (...texts: readonly (string | undefined)[]): string => texts.filter(Boolean).join(' · ')

/** What the model lacks on these machines. */
const lack = ({ details, reason }: PlacementError, nodeIds: readonly NodeId[]): string => {
  const missing = (details?.neededBytes ?? 0) - (details?.freeBytes ?? 0)
  if (missing > 0) return `needs ${bytesText(missing)} more`
  if (details?.neededBytes !== undefined) return 'fits no machine now'
  const common = details?.removed.find((group) => nodeIds.every((nodeId) => group.nodeIds.includes(nodeId)))
  return common?.detail ?? (nodeIds.length === 1 ? reason : 'fits no machine now')
}

/** On these machines and no others: what a launch would give that names them. */
export const fitOn = (state: State, card: ModelCard, nodeIds: readonly NodeId[]): Fit => {
  const expected = expectationOf(new PlacementSpace(state), card, {
    ...PLAIN_LAUNCH,
    nodeIds: [...nodeIds],
    minNodes: nodeIds.length,
  })
  switch (expected.status) {
    case 'placed':
      return { fits: true, text: parts(usesText(expected.claims), speedPart(expected)) }
    case 'refused':
      return { fits: false, reason: lack(expected.error, nodeIds) }
  }
}

const usesText = (claims: Readonly<Record<string, number>>): string => {
  const bytes = Object.values(claims)
  const total = bytesText(bytes.reduce((sum, each) => sum + each, 0))
  return bytes.length === 1 ? `uses ${total}` : `uses ${total} on ${bytes.length} machines`
}

const speedPart = (expected: ExpectedSpeed): string | undefined => expectedSpeedText(expected)[0]

/** `fits`, `on Mac Studio`, `on 3 machines together`. */
const whereText = (state: State, nodeIds: readonly NodeId[]): string => {
  const [first, ...others] = nodeIds
  if (first === undefined || Object.keys(state.nodes).length === 1) return 'fits'
  return others.length === 0 ? `on ${nodeName(state, first)}` : `on ${counted(nodeIds.length, 'machine')} together`
}

/** Where a model would go that is launched without a further word, or what it lacks; undefined where no machine is known yet. */
export const plainFit = (space: PlacementSpace, card: ModelCard): Fit | undefined => {
  const { state } = space
  const nodeIds = Object.values(state.nodes).map(({ nodeId }) => nodeId)
  if (nodeIds.length === 0) return undefined
  const expected = expectationOf(space, card)
  switch (expected.status) {
    case 'placed':
      return { fits: true, text: parts(whereText(state, expected.nodeIds), speedPart(expected)) }
    case 'refused':
      return { fits: false, reason: lack(expected.error, nodeIds) }
  }
}
