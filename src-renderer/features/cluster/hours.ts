import { hoursText, type HoursWords } from '@core/schedules/hours-text'
import { nodeName } from '@core/state/bindings'
import { Day, type Hours } from '@core/schedules/hours'
import type { State } from '@core/state/state'
import { sentence } from '../../state/text'
import { spokenLanguage, t, weekdayText } from '../../state/texts.svelte'

const words = (): HoursWords => ({
  everyDay: t('cards.hours.everyDay'),
  day: (day) => weekdayText(Day.options.indexOf(day)),
  on: (time, machines) => t('cards.hours.on', { time, machines }),
  comma: spokenLanguage() === 'zh-Hans' ? '、' : ', ',
})

/** `Mon–Fri 09:00–18:00 on MacBook Pro (Europe/Berlin)`. */
export const hoursLine = (state: State, hours: readonly Hours[]): string =>
  sentence(hoursText(hours, (nodeId) => nodeName(state, nodeId), words()))
