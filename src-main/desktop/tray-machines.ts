import type { NodeId } from '@core/ids'
import type { PowerFacts } from '@core/state/power'
import { nodeName } from '@core/state/bindings'
import type { Node } from '@core/state/nodes'
import type { State } from '@core/state/state'
import { figuresOf } from '@core/texts/figures'
import type { Translator } from '@core/texts/translator'
import type { TrayEntry } from './tray-entry'

const gigabytes = (translator: Translator, bytes: number): string =>
  translator.text('figures.gigabytes', { value: figuresOf(translator).number(bytes / 1e9) })

const sleepText = ({ text }: Translator, { onBattery, awakeFor }: PowerFacts): string => {
  const why = awakeFor ?? 'may'
  return text(onBattery ? `cluster.sleep.${why}Battery` : `cluster.sleep.${why}`)
}

interface Machine {
  readonly name: string
  readonly node: Node | undefined
}

const machineLine = (translator: Translator, { name, node }: Machine): string => {
  const { text } = translator
  if (node === undefined) return text('desktop.machineAway', { name })
  const [free, total] = [node.memory.ramAvailable, node.memory.ramTotal].map((bytes) => gigabytes(translator, bytes))
  return [
    text('desktop.machineFree', { name, free: free ?? '', total: total ?? '' }),
    ...(node.power ? [sleepText(translator, node.power)] : []),
  ].join(' · ')
}

/** The machines with their memory, as a submenu labelled with the total. */
export const machinesEntry = (state: State, translator: Translator): TrayEntry[] => {
  const members = Object.values(state.members)
  if (members.length === 0) return []
  const free = Object.values(state.nodes).reduce((sum, { memory }) => sum + memory.ramAvailable, 0)
  return [
    {
      kind: 'submenu',
      label: translator.text('desktop.machines', { count: members.length, size: gigabytes(translator, free) }),
      entries: members.map(({ nodeId }) => ({
        kind: 'item',
        label: machineLine(translator, { name: nodeName(state, nodeId), node: state.nodes[nodeId] }),
        action: { do: 'open', page: 'cluster' },
      })),
    },
  ]
}

const timeLeft = ({ text }: Translator, seconds: number): string =>
  seconds < 60 ? text('desktop.lessThanMinute') : text('desktop.minutesLeft', { minutes: Math.ceil(seconds / 60) })

/** Downloads in progress with their progress. */
export const downloadEntries = (state: State, translator: Translator): TrayEntry[] =>
  Object.entries(state.downloads).flatMap(([nodeId, models]) =>
    Object.entries(models).flatMap(
      ([modelId, { status, downloadedBytes, totalBytes, bytesPerSecond }]): TrayEntry[] => {
        if (status !== 'Ongoing') return []
        const part = totalBytes > 0 ? downloadedBytes / totalBytes : 0
        const left = bytesPerSecond ? [timeLeft(translator, (totalBytes - downloadedBytes) / bytesPerSecond)] : []
        const values = {
          name: modelId,
          part: figuresOf(translator).percent(Math.floor(100 * part) / 100),
          machine: nodeName(state, nodeId as NodeId),
        }
        return [
          {
            kind: 'item',
            label: [translator.text('desktop.downloadOn', values), ...left].join(' · '),
            action: { do: 'open', page: 'models' },
          },
        ]
      },
    ),
  )
