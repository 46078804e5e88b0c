import type { NodeId } from '@core/ids'
import type { ClusterView } from '@core/protocols/cluster'
import type { UpdateStatus } from '@core/protocols/desktop'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf, type MetaInstanceStatus } from '@core/state/status'
import { isLive } from '@core/state/tasks'
import { declarationLines } from '@core/status-lines/declaration-lines'
import { figuresOf } from '@core/texts/figures'
import type { Translator } from '@core/texts/translator'
import type { TrayAction, TrayEntry } from './tray-entry'
import { downloadEntries, machinesEntry } from './tray-machines'

/** Shapes of the ring in the menu bar: whole (idle), broken (problem), turning (working), hollow (offline). */
export type RingForm = 'whole' | 'broken' | 'turning' | 'hollow'

export interface TrayView {
  readonly form: RingForm
  /** The cluster's condition in one line. */
  readonly summary: string
  readonly entries: readonly TrayEntry[]
}

export interface TrayInput {
  readonly state: State
  readonly nodeId: NodeId
  readonly cluster: Pick<ClusterView, 'asking' | 'role'>
  /** The API's address, without a path. */
  readonly apiUrl: string
  /** Whether this machine is kept awake for its models, at least on power. */
  readonly keepAwake: boolean
  /** Undefined if the system has no login items. */
  readonly opensAtLogin: boolean | undefined
  readonly update: UpdateStatus
  readonly translator: Translator
}

interface Declared {
  readonly one: MetaInstance
  readonly status: MetaInstanceStatus
}

const TROUBLED: ReadonlySet<string> = new Set(['PLACEMENT_FAILED', 'RETRYING'])
const LOADING: ReadonlySet<string> = new Set(['PLACING', 'DOWNLOADING', 'CONNECTING', 'LOADING', 'WARMING_UP'])
const SERVING: ReadonlySet<string> = new Set(['READY', 'RUNNING'])

const SEPARATOR: TrayEntry = { kind: 'separator' }
const line = (label: string): TrayEntry => ({ kind: 'text', label })
const item = (label: string, action: TrayAction): TrayEntry => ({ kind: 'item', label, action })

/** The overall condition: the ring's shape and one line of text. */
const overall = (
  { state, cluster, translator }: TrayInput,
  declared: readonly Declared[],
): Pick<TrayView, 'form' | 'summary'> => {
  const { text } = translator
  const countOf = (words: ReadonlySet<string>): number => declared.filter(({ status }) => words.has(status.word)).length
  if (Object.keys(state.nodes).length === 0) return { form: 'hollow', summary: text('desktop.starting') }
  if (cluster.role === 'seeking' || cluster.role === 'stepped-down')
    return { form: 'hollow', summary: text('desktop.undecided') }
  const [troubled, loading, ready] = [countOf(TROUBLED), countOf(LOADING), countOf(SERVING)]
  const answering = Object.values(state.tasks).some(isLive)
  if (troubled > 0) return { form: 'broken', summary: text('desktop.inTrouble', { count: troubled }) }
  if (loading > 0) return { form: 'turning', summary: text('desktop.loading', { count: loading }) }
  const rest =
    ready > 0
      ? text('desktop.ready', { count: ready })
      : declared.length > 0
        ? text(declared.every(({ one }) => one.paused) ? 'desktop.paused' : 'desktop.atRest', {
            count: declared.length,
          })
        : text('desktop.none')
  return { form: answering ? 'turning' : 'whole', summary: rest }
}

/** The requests in progress, and the mean speed of answers within the last minute. */
const serving = ({ tasks }: State, translator: Translator): TrayEntry[] => {
  const live = Object.values(tasks).filter(isLive).length
  const speeds = Object.values(tasks).flatMap(({ tokensPerSecond }) => tokensPerSecond ?? [])
  const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length
  const parts = [
    ...(speeds.length > 0 ? [figuresOf(translator).speed(mean)] : []),
    ...(live > 0 ? [translator.text('figures.requests', { count: live })] : []),
  ]
  return parts.length > 0 ? [line(parts.join(' · '))] : []
}

/** Groups the digits for reading: `123 456`. */
const grouped = (digits: string): string => digits.replace(/^(\d{3})(\d{3})$/, '$1 $2')

const approvals = ({ cluster: { asking }, translator: { text } }: TrayInput): TrayEntry[] =>
  asking.map(({ requestId, friendlyName, digits }) => ({
    kind: 'submenu',
    label: text('desktop.asksDigits', { name: friendlyName, digits: grouped(digits) }),
    entries: [
      line(text('desktop.allowOnlyIf', { name: friendlyName, digits: grouped(digits) })),
      item(text('desktop.allow'), { do: 'decide', requestId, allow: true }),
      item(text('desktop.refuse'), { do: 'decide', requestId, allow: false }),
    ],
  }))

const wordText = ({ word, status }: MetaInstanceStatus, { text }: Translator): string =>
  word === 'RETRYING'
    ? text('desktop.word.RETRYING', { attempt: status.slice(status.indexOf('(')) })
    : text(`desktop.word.${word}`)

/** How a declaration is, where it runs, and after which failure. */
const condition = ({ one, status }: Declared, { state, translator }: TrayInput): TrayEntry[] => {
  const { text } = translator
  const lines = declarationLines(translator)
  const now = lines.declaration(state, one, { now: state.lastEventAt })
  const machines = SERVING.has(status.word) ? lines.machines(state, one) : undefined
  const [move, failure] = [lines.move(state, one), lines.failure(one)]
  return [
    line(machines === undefined ? now : [text('desktop.onMachines', { machines }), now].join(' · ')),
    ...(move === undefined ? [] : [line(move)]),
    ...(failure === undefined ? [] : [line(text('cards.after', { failure }))]),
  ]
}

const model = (declared: Declared, input: TrayInput): TrayEntry => {
  const { one, status } = declared
  const { translator } = input
  const { text } = translator
  const { metaInstanceId, name, modelId, paused, onRequest } = one
  const called = name ?? modelId
  return {
    kind: 'submenu',
    label: text(onRequest ? 'desktop.modelWordRequest' : 'desktop.modelWord', {
      name: called,
      word: wordText(status, translator),
    }),
    entries: [
      ...condition(declared, input),
      // By its id: the window calls a declaration without a name otherwise, and another may have the same model.
      item(text('desktop.chat'), { do: 'chat', metaInstanceId }),
      item(paused ? text('desktop.resume') : text('desktop.pause'), {
        do: paused ? 'resume' : 'pause',
        metaInstanceIds: [metaInstanceId],
      }),
      ...(paused ? [] : [item(text('desktop.restart'), { do: 'restart', metaInstanceId })]),
      item(text('desktop.copyModelId'), { do: 'copy', text: called }),
    ],
  }
}

/** One entry to pause or resume all declarations at once. */
const allModels = (declared: readonly Declared[], { text }: Translator): TrayEntry[] => {
  const ids = (paused: boolean) =>
    declared.filter(({ one }) => one.paused === paused && !one.onRequest).map(({ one }) => one.metaInstanceId)
  const [running, paused] = [ids(false), ids(true)]
  if (running.length > 0) return [item(text('desktop.pauseAll'), { do: 'pause', metaInstanceIds: running })]
  return paused.length > 0 ? [item(text('desktop.resumeAll'), { do: 'resume', metaInstanceIds: paused })] : []
}

const update = (status: UpdateStatus, translator: Translator): TrayEntry[] => {
  const { text } = translator
  switch (status.state) {
    case 'unavailable':
      return []
    case 'idle':
    case 'failed':
      return [item(text('desktop.checkForUpdates'), { do: 'check-for-update' })]
    case 'checking':
      return [line(text('desktop.checking'))]
    case 'downloading':
      return [
        line(
          text('desktop.downloadingUpdate', {
            version: status.version,
            part: figuresOf(translator).percent(status.part),
          }),
        ),
      ]
    case 'ready':
      return [item(text('desktop.restartToUpdate', { version: status.version }), { do: 'install-update' })]
  }
}

const separated = (groups: readonly (readonly TrayEntry[])[]): TrayEntry[] =>
  groups.filter((group) => group.length > 0).flatMap((group, index) => (index === 0 ? group : [SEPARATOR, ...group]))

/** The content of the menu bar icon and its menu. */
export const trayView = (input: TrayInput): TrayView => {
  const { state, nodeId, apiUrl, keepAwake, opensAtLogin, translator } = input
  const { text } = translator
  const declared = Object.values(state.metaInstances).map((one) => ({ one, status: statusOf(state, one) }))
  const { form, summary } = overall(input, declared)
  const runsHere = Object.values(state.instances).some(({ shards }) => shards.some((shard) => shard.nodeId === nodeId))
  const entries = separated([
    [line(summary), ...serving(state, translator)],
    approvals(input),
    [...declared.map((one) => model(one, input)), ...allModels(declared, translator)],
    downloadEntries(state, translator),
    machinesEntry(state, translator),
    [
      item(text('desktop.open'), { do: 'open' }),
      item(text('desktop.copyApi'), { do: 'copy', text: `${apiUrl}/v1` }),
      item(text('desktop.connect'), { do: 'open', page: 'connect' }),
      item(text('desktop.settings'), { do: 'open', page: 'settings' }),
    ],
    [
      {
        kind: 'item',
        label: text('desktop.keepAwake'),
        checked: keepAwake,
        action: { do: 'keep-awake', on: !keepAwake },
      },
      ...(opensAtLogin === undefined
        ? []
        : [
            {
              kind: 'item',
              label: text('desktop.openAtLogin'),
              checked: opensAtLogin,
              action: { do: 'open-at-login', on: !opensAtLogin },
            } as const,
          ]),
    ],
    update(input.update, translator),
    [item(runsHere ? text('desktop.quitForm') : text('desktop.quit'), { do: 'quit' })],
  ])
  return { form, summary, entries }
}
