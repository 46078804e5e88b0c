import type { NodeId } from '@core/ids'
import type { Check, DoctorReport, NearbyReport, PairReport } from '@core/protocols/doctor'
import { latencyText } from './links'
import { t } from '../../state/texts.svelte'

/** `partly`: in one direction only. */
export type CellState = Check['state'] | 'partly'

export interface Cell {
  readonly state: CellState
  readonly text: string
}

export interface DoctorRow {
  readonly key: string
  readonly a: NodeId
  readonly b: NodeId
  readonly seen: Cell
  readonly tcpOut: Cell
  readonly tcpIn: Cell
  readonly tls: Cell
  readonly link: Cell
  readonly probe: Cell
  /** A required check failed. */
  readonly isBroken: boolean
  /** Texts of the checks. */
  readonly reasons: readonly { readonly what: string; readonly check: Check }[]
}

const cell = (state: CellState, text = t(`machines.state.${state}`)): Cell => ({ state, text })

/** Combines both directions. */
const both = (forth: Check, back: Check): Cell => {
  const states = [forth.state, back.state]
  if (states.every((state) => state === 'yes')) return cell('yes')
  if (states.includes('yes') && states.includes('no')) return cell('partly')
  if (states.includes('no')) return cell('no')
  // If one machine cannot be asked, the other's answer counts.
  return cell(states.includes('yes') ? 'yes' : 'unknown')
}

const probes = (forth: PairReport, back: PairReport): Cell => {
  const { state } = both(forth.probe, back.probe)
  const latencies = [forth.latencyMs, back.latencyMs].filter((latency) => latency !== undefined)
  if (state === 'no') return cell(state, t('machines.noProbe'))
  return state === 'yes' && latencies.length > 0 ? cell('yes', latencyText(Math.max(...latencies))) : cell(state)
}

const rowOf = (forth: PairReport, back: PairReport, nameOf: (nodeId: NodeId) => string): DoctorRow => {
  const { from: a, to: b } = forth
  const [there, here] = [
    t('machines.way', { a: nameOf(a), b: nameOf(b) }),
    t('machines.way', { a: nameOf(b), b: nameOf(a) }),
  ]
  const tls = both(forth.tls, back.tls)
  const row = {
    tcpOut: cell(forth.tcpOut.state),
    tcpIn: cell(forth.tcpIn.state),
    tls,
    link: both(forth.link, back.link),
    probe: probes(forth, back),
  }
  return {
    key: `${a} ${b}`,
    a,
    b,
    seen: both(forth.announced, back.announced),
    ...row,
    isBroken: Object.values(row).some(({ state }) => state === 'no' || state === 'partly'),
    reasons: [
      { what: t('machines.check.seen', { way: there }), check: forth.announced },
      { what: t('machines.check.seen', { way: here }), check: back.announced },
      { what: t('machines.check.tcp', { way: there }), check: forth.tcpOut },
      { what: t('machines.check.tcp', { way: here }), check: forth.tcpIn },
      { what: t('machines.check.tls', { way: there }), check: forth.tls },
      { what: t('machines.check.tls', { way: here }), check: back.tls },
      {
        what: t('machines.check.link'),
        check: forth.link.state === 'no' && back.link.code !== 'not_linked' ? back.link : forth.link,
      },
      { what: t('machines.check.probes', { way: there }), check: forth.probe },
      { what: t('machines.check.probes', { way: here }), check: back.probe },
    ],
  }
}

/** One row per pair, those with problems first. */
export const doctorRows = ({ members, pairs }: DoctorReport): readonly DoctorRow[] => {
  const names = new Map(members.map(({ nodeId, friendlyName }) => [nodeId, friendlyName]))
  const nameOf = (nodeId: NodeId): string => names.get(nodeId) ?? nodeId.slice(0, 8)
  const byWay = new Map(pairs.map((pair) => [`${pair.from} ${pair.to}`, pair]))
  const rows = members.flatMap(({ nodeId: a }, at) =>
    members.slice(at + 1).flatMap(({ nodeId: b }) => {
      const [forth, back] = [byWay.get(`${a} ${b}`), byWay.get(`${b} ${a}`)]
      return forth && back ? [rowOf(forth, back, nameOf)] : []
    }),
  )
  return rows.sort((one, other) => Number(other.isBroken) - Number(one.isBroken))
}

/** `All 3 machines reach one another.` */
export const verdict = ({ findings, members }: DoctorReport): { readonly good: boolean; readonly text: string } => {
  const problems = findings.filter(({ severity }) => severity === 'problem').length
  if (problems > 0) return { good: false, text: t('machines.problemsFound', { count: problems }) }
  if (members.length === 1) return { good: true, text: t('machines.alone') }
  return {
    good: true,
    text: members.length === 2 ? t('machines.bothReach') : t('machines.allReach', { count: members.length }),
  }
}

/** The check that prevents a nearby machine from joining. */
export const joinObstacle = ({ tcpOut, tls }: NearbyReport): Check => (tcpOut.state === 'yes' ? tls : tcpOut)
