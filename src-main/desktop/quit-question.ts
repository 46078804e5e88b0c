import type { NodeId } from '@core/ids'
import type { Ending } from '@core/placement/ending'
import { placementWords } from '@core/placement/placement-words'
import type { Departure } from '@core/reconcile/index'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { isLive } from '@core/state/tasks'
import type { Language } from '@core/texts/language'
import type { Translator } from '@core/texts/translator'

export interface QuitQuestion {
  readonly message: string
  readonly detail: string
}

export interface QuitInputs {
  readonly state: State
  readonly nodeId: NodeId
  readonly departures: readonly Departure[]
  readonly translator: Translator
}

const fullStopOf = (language: Language): string => (language === 'zh-Hans' ? '。' : '.')

/** ` code ends for it.` */
const endsText = (ends: readonly Ending[], { language, text }: Translator): string => {
  const names = new Intl.ListFormat(language).format(ends.map(({ name, modelId }) => name ?? modelId))
  const gap = language === 'zh-Hans' ? '' : ' '
  return `${gap}${text('fits.endsFor', { names, count: ends.length })}${fullStopOf(language)}`
}

const fateLine = ({ state, nodeId, translator }: QuitInputs, departure: Departure): string => {
  const { language, text } = translator
  const { name } = departure
  switch (departure.fate) {
    case 'moves': {
      const { nodeIds, ends } = departure
      const machines = new Intl.ListFormat(language).format(nodeIds.map((id) => nodeName(state, id)))
      return text('desktop.quitMoves', { name, machines }) + (ends ? endsText(ends, translator) : '')
    }
    case 'stops': {
      const refusal = placementWords(translator).refusal(state, departure.error, { leaves: nodeId })
      const reason = /[.!?。]$/.test(refusal) ? refusal : `${refusal}${fullStopOf(language)}`
      return departure.others === undefined
        ? text('desktop.quitStops', { name, reason })
        : text('desktop.quitFewer', { name, reason })
    }
  }
}

/** The question before quitting; undefined if quitting affects nothing. */
export const quitQuestion = (inputs: QuitInputs): QuitQuestion | undefined => {
  const { state, nodeId, departures, translator } = inputs
  const { text } = translator
  const answers = Object.values(state.tasks).filter((task) => isLive(task) && task.takenBy === nodeId).length
  const downloads = Object.values(state.downloads[nodeId] ?? {}).filter(({ status }) => status === 'Ongoing').length
  const lines = [
    ...departures.map((departure) => fateLine(inputs, departure)),
    ...(answers > 0 ? [text('desktop.quitAnswers', { count: answers })] : []),
    ...(downloads > 0 ? [text('desktop.quitDownloads', { count: downloads })] : []),
  ]
  if (lines.length === 0) return undefined
  return {
    message: text('desktop.quitTitle'),
    detail: [...lines, text('desktop.quitPrograms')].join('\n'),
  }
}
