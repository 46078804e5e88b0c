import { hoursText, type HoursWords } from '@core/schedules/hours-text'
import { nodeName } from '@core/state/bindings'
import { Day, type Hours } from '@core/schedules/hours'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { sentence } from '../../state/text'
import { spokenLanguage, t, timeAs, weekdayText } from '../../state/texts.svelte'

const MOMENT = { weekday: 'short', hour: 'numeric', minute: '2-digit' } as const

const momentText = (time: number): string => timeAs(time, MOMENT).replace(',', '')

/** `Until Mon 9:00 AM`, in the viewer's time zone. */
export const offHoursLine = ({ schedule }: Pick<MetaInstance, 'schedule'>): string =>
  schedule?.until === undefined ? t('cards.outsideHours') : t('cards.until', { time: momentText(schedule.until) })

const words = (): HoursWords => ({
  everyDay: t('cards.hours.everyDay'),
  day: (day) => weekdayText(Day.options.indexOf(day)),
  on: (time, machines) => t('cards.hours.on', { time, machines }),
  comma: spokenLanguage() === 'zh-Hans' ? '、' : ', ',
})

/** `Mon–Fri 09:00–18:00 on MacBook Pro (Europe/Berlin)`. */
export const hoursLine = (state: State, hours: readonly Hours[]): string =>
  sentence(hoursText(hours, (nodeId) => nodeName(state, nodeId), words()))
