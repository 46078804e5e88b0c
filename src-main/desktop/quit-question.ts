import type { NodeId } from '@core/ids'
import type { Departure } from '@core/reconcile/departure'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { isLive } from '@core/state/tasks'
import { counted } from './tray-entry'

export interface QuitQuestion {
  readonly message: string
  readonly detail: string
}

const sentence = (reason: string): string => (/[.!?]$/.test(reason) ? reason : `${reason}.`)

const fateLine = (state: State, departure: Departure): string => {
  switch (departure.fate) {
    case 'moves':
      return `${departure.name} moves to ${departure.nodeIds.map((nodeId) => nodeName(state, nodeId)).join(' and ')}.`
    case 'stops':
      return `${departure.name} stops: ${sentence(departure.reason)}`
  }
}

/** What to ask before quitting; undefined where nothing here would be missed. */
export const quitQuestion = (
  state: State,
  nodeId: NodeId,
  departures: readonly Departure[],
): QuitQuestion | undefined => {
  const answers = Object.values(state.tasks).filter((task) => isLive(task) && task.takenBy === nodeId).length
  const downloads = Object.values(state.downloads[nodeId] ?? {}).filter(({ status }) => status === 'Ongoing').length
  const lines = [
    ...departures.map((departure) => fateLine(state, departure)),
    ...(answers > 0 ? [`${counted(answers, 'answer')} under way here ${answers === 1 ? 'ends' : 'end'}.`] : []),
    ...(downloads > 0
      ? [`${counted(downloads, 'download')} ${downloads === 1 ? 'waits' : 'wait'} until Muster is opened again.`]
      : []),
  ]
  if (lines.length === 0) return undefined
  return {
    message: 'Quit Muster on this machine?',
    detail: [...lines, 'Programs that use this machine’s address get no answer until Muster is opened again.'].join(
      '\n',
    ),
  }
}
