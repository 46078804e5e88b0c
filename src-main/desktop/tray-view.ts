import type { NodeId } from '@core/ids'
import type { ClusterView } from '@core/protocols/control'
import type { UpdateStatus } from '@core/protocols/desktop'
import { nodeName } from '@core/state/bindings'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf, type MetaInstanceStatus } from '@core/state/status'
import { isLive } from '@core/state/tasks'
import { counted, type TrayAction, type TrayEntry } from './tray-entry'
import { downloadEntries, machinesEntry } from './tray-machines'

/** What the ring in the menu bar looks like: closed (idle), broken (trouble), turning (working), hollow (offline). */
export type RingForm = 'whole' | 'broken' | 'turning' | 'hollow'

export interface TrayView {
  readonly form: RingForm
  /** One line for people. */
  readonly summary: string
  readonly entries: readonly TrayEntry[]
}

export interface TrayInput {
  readonly state: State
  readonly nodeId: NodeId
  readonly cluster: Pick<ClusterView, 'asking' | 'role'>
  /** Where clients find the API, without a path. */
  readonly apiUrl: string
  /** It is kept awake for its models, on power at least. */
  readonly keepAwake: boolean
  /** Undefined where the system has no such thing. */
  readonly opensAtLogin: boolean | undefined
  readonly update: UpdateStatus
}

interface Declared {
  readonly one: MetaInstance
  readonly status: MetaInstanceStatus
}

const TROUBLED: ReadonlySet<string> = new Set(['PLACEMENT_FAILED', 'RETRYING'])
const LOADING: ReadonlySet<string> = new Set(['PLACING', 'DOWNLOADING', 'CONNECTING', 'LOADING', 'WARMING_UP'])
const SERVING: ReadonlySet<string> = new Set(['READY', 'RUNNING'])

const SEPARATOR: TrayEntry = { kind: 'separator' }
const text = (label: string): TrayEntry => ({ kind: 'text', label })
const item = (label: string, action: TrayAction): TrayEntry => ({ kind: 'item', label, action })

/** How all is, in the shape of the ring and in one line. */
const overall = ({ state, cluster }: TrayInput, declared: readonly Declared[]): Pick<TrayView, 'form' | 'summary'> => {
  const among = (words: ReadonlySet<string>): number => declared.filter(({ status }) => words.has(status.word)).length
  if (Object.keys(state.nodes).length === 0) return { form: 'hollow', summary: 'Starting' }
  if (cluster.role === 'seeking' || cluster.role === 'stepped-down')
    return { form: 'hollow', summary: 'Can’t decide anything now' }
  const [troubled, loading, ready] = [among(TROUBLED), among(LOADING), among(SERVING)]
  const answering = Object.values(state.tasks).some(isLive)
  if (troubled > 0) return { form: 'broken', summary: `${counted(troubled, 'model')} in trouble` }
  if (loading > 0) return { form: 'turning', summary: `Loading ${counted(loading, 'model')}` }
  const rest =
    ready > 0
      ? `${counted(ready, 'model')} ready`
      : declared.length > 0
        ? `${counted(declared.length, 'model')} ${declared.every(({ one }) => one.paused) ? 'paused' : 'at rest'}`
        : 'No always-on models'
  return { form: answering ? 'turning' : 'whole', summary: rest }
}

/** What is answered now, and how fast the answers of the last minute came. */
const serving = ({ tasks }: State): TrayEntry[] => {
  const live = Object.values(tasks).filter(isLive).length
  const speeds = Object.values(tasks).flatMap(({ tokensPerSecond }) => tokensPerSecond ?? [])
  const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length
  const parts = [
    ...(speeds.length > 0 ? [`${mean < 10 ? mean.toFixed(1) : Math.round(mean)} tokens/s`] : []),
    ...(live > 0 ? [counted(live, 'request')] : []),
  ]
  return parts.length > 0 ? [text(parts.join(' · '))] : []
}

/** Digits as people compare them. */
const grouped = (digits: string): string => digits.replace(/^(\d{3})(\d{3})$/, '$1 $2')

const approvals = ({ asking }: TrayInput['cluster']): TrayEntry[] =>
  asking.map(({ requestId, friendlyName, digits }) => ({
    kind: 'submenu',
    label: `${friendlyName} asks to join · ${grouped(digits)}`,
    entries: [
      text(`Allow it only if ${friendlyName} shows ${grouped(digits)}`),
      item('Allow', { do: 'decide', requestId, allow: true }),
      item('Refuse', { do: 'decide', requestId, allow: false }),
    ],
  }))

const model = ({ one, status }: Declared): TrayEntry => {
  const { metaInstanceId, name, modelId, paused, onRequest } = one
  const word = status.status.toLowerCase().replaceAll('_', ' ')
  const called = name ?? modelId
  return {
    kind: 'submenu',
    label: `${called} — ${word}${onRequest ? ', on request' : ''}`,
    entries: [
      text(status.detail),
      item('Chat', { do: 'chat', model: called }),
      item(paused ? 'Resume' : 'Pause', { do: paused ? 'resume' : 'pause', metaInstanceIds: [metaInstanceId] }),
      ...(paused ? [] : [item('Restart', { do: 'restart', metaInstanceId })]),
      item('Copy model id', { do: 'copy', text: called }),
    ],
  }
}

/** One entry for all, where there is more than one to pause or resume. */
const allModels = (declared: readonly Declared[]): TrayEntry[] => {
  const ids = (paused: boolean) =>
    declared.filter(({ one }) => one.paused === paused && !one.onRequest).map(({ one }) => one.metaInstanceId)
  const [running, paused] = [ids(false), ids(true)]
  if (running.length > 0) return [item('Pause all models', { do: 'pause', metaInstanceIds: running })]
  return paused.length > 0 ? [item('Resume all models', { do: 'resume', metaInstanceIds: paused })] : []
}

const update = (status: UpdateStatus): TrayEntry[] => {
  switch (status.state) {
    case 'unavailable':
      return []
    case 'idle':
    case 'failed':
      return [item('Check for updates', { do: 'check-for-update' })]
    case 'checking':
      return [text('Checking for updates …')]
    case 'downloading':
      return [text(`Downloading Muster ${status.version} · ${Math.round(100 * status.part)} %`)]
    case 'ready':
      return [item(`Restart to update to ${status.version}`, { do: 'install-update' })]
  }
}

const separated = (groups: readonly (readonly TrayEntry[])[]): TrayEntry[] =>
  groups.filter((group) => group.length > 0).flatMap((group, index) => (index === 0 ? group : [SEPARATOR, ...group]))

/** All that the menu bar shows. */
export const trayView = (input: TrayInput): TrayView => {
  const { state, nodeId, apiUrl, keepAwake, opensAtLogin } = input
  const declared = Object.values(state.metaInstances).map((one) => ({ one, status: statusOf(state, one) }))
  const { form, summary } = overall(input, declared)
  const runsHere = Object.values(state.instances).some(({ shards }) => shards.some((shard) => shard.nodeId === nodeId))
  const entries = separated([
    [text(summary), ...serving(state)],
    approvals(input.cluster),
    [...declared.map(model), ...allModels(declared)],
    downloadEntries(state, (id) => nodeName(state, id)),
    machinesEntry(state),
    [
      item('Open Muster', { do: 'open' }),
      item('Copy API address', { do: 'copy', text: `${apiUrl}/v1` }),
      item('Connect a tool…', { do: 'open', page: 'connect' }),
      item('Settings…', { do: 'open', page: 'settings' }),
    ],
    [
      {
        kind: 'item',
        label: 'Keep awake for models',
        checked: keepAwake,
        action: { do: 'keep-awake', on: !keepAwake },
      },
      ...(opensAtLogin === undefined
        ? []
        : [
            {
              kind: 'item',
              label: 'Open at login',
              checked: opensAtLogin,
              action: { do: 'open-at-login', on: !opensAtLogin },
            } as const,
          ]),
    ],
    update(input.update),
    [item(runsHere ? 'Quit Muster…' : 'Quit Muster', { do: 'quit' })],
  ])
  return { form, summary, entries }
}
