import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import type { NamedPort, Picture } from '@core/warnings/warning'
import { listText, t } from '../../state/texts.svelte'

/** Sizes in units of the picture. */
export const PORT = { width: 26, height: 10, gap: 20, top: 40 } as const
export const MACHINE = { height: 66, padding: 16, gap: 64, minWidth: 132 } as const
export const WIDTH = 460
/** Space below the machines for the cable or port names. */
const BELOW = 36

export interface DrawnPort {
  readonly receptacle: number
  readonly x: number
  readonly y: number
  readonly marked: boolean
  readonly label: string
}

export interface DrawnMachine {
  readonly name: string
  readonly x: number
  readonly width: number
  readonly ports: readonly DrawnPort[]
}

export interface Drawing {
  readonly machines: readonly DrawnMachine[]
  /** SVG path of the cable, from port to port. */
  readonly cable: string | undefined
  readonly height: number
  /** Text alternative. */
  readonly description: string
}

const portText = ({ receptacle, interfaceName }: NamedPort): string =>
  interfaceName === undefined
    ? t('warnings.picture.port', { receptacle })
    : t('warnings.picture.portInterface', { receptacle, interface: interfaceName })

/** All Thunderbolt ports of a machine, in order, with the marked ones. */
const machineOf = (state: State, marked: readonly NamedPort[], x: number): DrawnMachine | undefined => {
  const [first] = marked
  if (!first) return undefined
  const known = state.nodes[first.nodeId]?.thunderbolt?.ports.map(({ receptacle }) => receptacle) ?? []
  const receptacles = [...new Set([...known, ...marked.map(({ receptacle }) => receptacle)])].sort((a, b) => a - b)
  const row = receptacles.length * PORT.width + (receptacles.length - 1) * PORT.gap
  const width = Math.max(MACHINE.minWidth, row + 2 * MACHINE.padding)
  const ports = receptacles.map((receptacle, at) => ({
    receptacle,
    x: x + (width - row) / 2 + at * (PORT.width + PORT.gap),
    y: PORT.top,
    marked: marked.some((port) => port.receptacle === receptacle),
    label: `${receptacle}`,
  }))
  return { name: nodeName(state, first.nodeId), x, width, ports }
}

/** The cable's path below both machines. */
const cableOf = ([a, b]: readonly DrawnMachine[]): string | undefined => {
  const [from, to] = [a, b].map((machine) => machine?.ports.find(({ marked }) => marked))
  if (!from || !to) return undefined
  const [x1, x2] = [from.x + PORT.width / 2, to.x + PORT.width / 2]
  const y = PORT.top + PORT.height
  const low = MACHINE.height + 22
  return `M${x1} ${y}V${low - 8}q0 8 8 8H${x2 - 8}q8 0 8 -8V${y}`
}

const shifted = (machine: DrawnMachine, by: number): DrawnMachine => ({
  ...machine,
  x: machine.x + by,
  ports: machine.ports.map((port) => ({ ...port, x: port.x + by })),
})

/** Lays the machines out side by side, centred. */
const sideBySide = (groups: readonly (readonly NamedPort[])[], state: State): DrawnMachine[] => {
  const machines: DrawnMachine[] = []
  for (const marked of groups) {
    const before = machines.at(-1)
    const machine = machineOf(state, marked, before ? before.x + before.width + MACHINE.gap : 0)
    if (machine) machines.push(machine)
  }
  const last = machines.at(-1)
  const room = WIDTH - (last ? last.x + last.width : 0)
  return machines.map((machine) => shifted(machine, Math.max(0, room / 2)))
}

/** The ports that a warning is about, on their machines. */
export const drawingOf = (state: State, picture: Exclude<Picture, { kind: 'studio' }>): Drawing => {
  switch (picture.kind) {
    case 'ports': {
      const machines = sideBySide([picture.ports], state)
      const [first] = picture.ports
      const ports = listText(picture.ports.map(portText))
      const description = first ? t('warnings.picture.portsOn', { ports, name: nodeName(state, first.nodeId) }) : ports
      return { machines, cable: undefined, height: MACHINE.height + 2, description }
    }
    case 'cable': {
      const machines = sideBySide(
        picture.ends.map((end) => [end]),
        state,
      )
      const [a = '', b = ''] = picture.ends.map((end) =>
        t('warnings.picture.portsOn', { ports: portText(end), name: nodeName(state, end.nodeId) }),
      )
      const description = t('warnings.picture.cable', { a, b })
      return { machines, cable: cableOf(machines), height: MACHINE.height + BELOW, description }
    }
  }
}
