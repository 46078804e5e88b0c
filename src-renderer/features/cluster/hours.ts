import { hoursText } from '@core/schedules/hours-text'
import { nodeName } from '@core/state/bindings'
import type { Hours } from '@core/state/hours'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { sentence } from '../../state/text'

const moment = new Intl.DateTimeFormat('en-US', { weekday: 'short', hour: 'numeric', minute: '2-digit' })

/** `Until Mon 9:00 AM`, by the clock of whoever looks. */
export const offHoursLine = ({ schedule }: Pick<MetaInstance, 'schedule'>): string =>
  schedule?.until === undefined ? 'Outside its hours' : `Until ${moment.format(schedule.until).replace(',', '')}`

/** `Mon–Fri 09:00–18:00 on MacBook Pro (Europe/Berlin)`. */
export const hoursLine = (state: State, hours: readonly Hours[]): string =>
  sentence(hoursText(hours, (nodeId) => nodeName(state, nodeId)))
