import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import { exclusionOf, type ExcludedMachines, type Exclusion } from '../state/exclusions'
import type { PlacementError } from '../state/meta-instances'
import type { State } from '../state/state'
import { codedRenderer } from '../texts/render-coded'
import type { Translator } from '../texts/translator'

/** With more machines, a clause counts them. */
const MOST_NAMED = 3

/** Refusals in the words of the app, in one language. */
export interface PlacementWords {
  /** A whole clause with the machines' names: `Mac Studio is away`. */
  readonly clause: (state: State, exclusion: Exclusion, nodeIds: readonly NodeId[]) => string
  /** A phrase that follows a machine's name: `drained: nothing new is placed there`. */
  readonly phrase: (exclusion: Exclusion) => string
  /**
   * `Mac Studio is away; you chose only …; mini has 6 GB free, the model needs 12 GB`. Not capitalized. A machine that
   * is only assumed to leave is not said to be away.
   */
  readonly refusal: (
    state: State,
    error: Pick<PlacementError, 'reason' | 'coded' | 'details'>,
    assumed?: { readonly leaves: NodeId },
  ) => string
}

export const placementWords = (translator: Translator): PlacementWords => {
  const { language, text } = translator
  const say = codedRenderer(translator)
  const list = new Intl.ListFormat(language, { type: 'conjunction' })

  const named = (state: State, nodeIds: readonly NodeId[]): { machines: string; count: number } => {
    const count = nodeIds.length
    const machines =
      count <= MOST_NAMED
        ? list.format(nodeIds.map((nodeId) => nodeName(state, nodeId)))
        : text('placement.machines', { count })
    return { machines, count }
  }
  const whyOf = ({ why }: Extract<Exclusion, { why: unknown }>): string => (why.coded && say(why.coded)) ?? why.text

  const clause: PlacementWords['clause'] = (state, exclusion, nodeIds) => {
    const who = named(state, nodeIds)
    switch (exclusion.rule) {
      case 'away':
        return text('placement.away', who)
      case 'offline':
        return text('placement.offline', who)
      case 'nodeIds':
        return exclusion.chosen === undefined
          ? text('placement.notChosen', who)
          : text('placement.chosen', named(state, exclusion.chosen))
      case 'replica':
        return text('placement.replica', who)
      case 'drained':
        return text('placement.drained', who)
      case 'no_worker':
        return text('placement.noWorker', who)
      case 'cannot_run':
        return text('placement.cannotRun', { ...who, why: whyOf(exclusion) })
      case 'too_old':
        return text('placement.tooOld', who)
      case 'cannot_load':
        return text('placement.cannotLoad', { ...who, why: whyOf(exclusion) })
    }
  }

  const phrase: PlacementWords['phrase'] = (exclusion) => {
    switch (exclusion.rule) {
      case 'away':
        return text('placement.phrase.away')
      case 'offline':
        return text('fits.offline')
      case 'nodeIds':
        return text('placement.phrase.notChosen')
      case 'replica':
        return text('placement.phrase.replica')
      case 'drained':
        return text('placement.phrase.drained')
      case 'no_worker':
        return text('fits.noWorker')
      case 'cannot_run':
        return text('fits.cannotRun', { why: whyOf(exclusion) })
      case 'too_old':
        return text('placement.phrase.tooOld')
      case 'cannot_load':
        return text('placement.phrase.cannotLoad', { why: whyOf(exclusion) })
    }
  }

  /** If machines were chosen, the ones that were not are not explained one by one: one clause names the chosen ones. */
  const clauses = (state: State, removed: readonly ExcludedMachines[]): string[] | undefined => {
    const groups = removed.map((excluded) => ({ exclusion: exclusionOf(excluded), nodeIds: excluded.nodeIds }))
    const chosen = groups.flatMap(({ exclusion }) => (exclusion?.rule === 'nodeIds' ? (exclusion.chosen ?? []) : []))
    const found: string[] = []
    for (const { exclusion, nodeIds } of groups) {
      if (exclusion === undefined) return undefined
      const relevant = exclusion.rule === 'nodeIds' || chosen.length === 0 ? nodeIds : chosenOf(nodeIds, chosen)
      if (relevant.length > 0) found.push(clause(state, exclusion, relevant))
    }
    return found
  }

  const refusal: PlacementWords['refusal'] = (state, { reason, coded, details }, assumed) => {
    const problem = details?.problem && say(details.problem)
    const machines = details && clauses(state, withoutLeaving(details.removed, assumed?.leaves))
    // The refusal comes from another version: show the text of the node that sent it.
    if (problem === undefined || machines === undefined) return (coded && say(coded)) ?? reason
    return [...machines, problem].reduce((first, second) => text('placement.both', { first, second }))
  }

  return { clause, phrase, refusal }
}

const withoutLeaving = (removed: readonly ExcludedMachines[], leaves: NodeId | undefined): ExcludedMachines[] =>
  removed.flatMap((excluded) => {
    if (exclusionOf(excluded)?.rule !== 'away') return [excluded]
    const nodeIds = excluded.nodeIds.filter((nodeId) => nodeId !== leaves)
    return nodeIds.length === 0 ? [] : [{ ...excluded, nodeIds }]
  })

const chosenOf = (nodeIds: readonly NodeId[], chosen: readonly NodeId[]): readonly NodeId[] =>
  nodeIds.filter((nodeId) => chosen.includes(nodeId))
