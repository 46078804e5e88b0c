import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'

/** What the ring in the menu bar looks like: closed, broken, turning, hollow. */
export type RingForm = 'whole' | 'broken' | 'turning' | 'hollow'

export interface TrayView {
  readonly form: RingForm
  /** One line for people. */
  readonly summary: string
  readonly models: readonly { readonly id: string; readonly label: string }[]
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** What the tray shows of the state. */
export const trayView = (state: State): TrayView => {
  const declared = Object.values(state.metaInstances).map((one) => ({ one, status: statusOf(state, one) }))
  const models = declared.map(({ one, status }) => ({
    id: one.metaInstanceId,
    label: [
      `${one.name ?? one.modelId} — ${status.status.toLowerCase().replaceAll('_', ' ')}`,
      ...(one.onRequest ? ['on request'] : []),
    ].join(', '),
  }))
  if (Object.keys(state.nodes).length === 0) return { form: 'hollow', summary: 'Starting', models }
  const words = declared.map(({ status }) => status.word)
  const troubled = words.filter((word) => word === 'PLACEMENT_FAILED' || word === 'RETRYING').length
  const working = words.filter((word) =>
    ['PLACING', 'DOWNLOADING', 'CONNECTING', 'LOADING', 'WARMING_UP'].includes(word),
  ).length
  const ready = words.filter((word) => word === 'READY' || word === 'RUNNING').length
  const paused = words.filter((word) => word === 'PAUSED').length
  if (troubled > 0) return { form: 'broken', summary: `${counted(troubled, 'model')} in trouble`, models }
  if (working > 0) return { form: 'turning', summary: `Loading ${counted(working, 'model')}`, models }
  if (ready > 0) return { form: 'whole', summary: `${counted(ready, 'model')} ready`, models }
  return { form: 'whole', summary: paused > 0 ? `${counted(paused, 'model')} paused` : 'No always-on models', models }
}
