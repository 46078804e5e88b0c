import type { Evidence } from '@core/doctor/evidence'
import { judge } from '@core/doctor/judge'
import type { NodeId } from '@core/ids'
import { OwnView, type DoctorReport } from '@core/protocols/doctor'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { edgesOf } from '@core/state/topology'
import { coded, type CodedText } from '@core/texts/coded'
import type { Links } from '../links/links'
import { StreamError } from '../links/streams'
import type { Sighting } from '../discovery'

/** The stream kind with which a member returns its own view. */
export const EXAMINE_STREAM = 'examine'
/** Timeout for a member's view. Its own checks take less than half of it. */
const ANSWER_MS = 5000

export interface DiagnoseOptions {
  readonly self: NodeId
  readonly state: State
  readonly members: readonly NodeId[]
  readonly nearby: readonly Sighting[]
  readonly links: Pick<Links, 'get' | 'open'>
  readonly examineHere: () => Promise<OwnView>
}

interface Answer {
  readonly view: OwnView
  /** Its clock minus ours, estimated from when it says it looked. */
  readonly clockMs: number
}

const askMember = async (links: DiagnoseOptions['links'], nodeId: NodeId): Promise<Answer | CodedText> => {
  const begun = Date.now()
  const late = AbortSignal.timeout(ANSWER_MS)
  try {
    for await (const item of links.open(nodeId, EXAMINE_STREAM, {}, late)) {
      const parsed = OwnView.safeParse(item)
      const ended = Date.now()
      if (!parsed.success) return coded('doctor.silent.nonsense')
      const { at } = parsed.data
      // It looked at some moment between request and answer: only a clock outside of that span is off.
      return { view: parsed.data, clockMs: at < begun ? at - begun : at > ended ? at - ended : 0 }
    }
    return coded(late.aborted ? 'doctor.silent.late' : 'doctor.silent.nothing')
  } catch (error) {
    if (error instanceof StreamError && error.code === 'unknown_stream') return coded('doctor.silent.old')
    return coded('doctor.silent.failed', { detail: error instanceof Error ? error.message : String(error) })
  }
}

/** Collects the views of all linked members in parallel and diagnoses them. Never rejects. */
export const diagnose = async (options: DiagnoseOptions): Promise<DoctorReport> => {
  const { self, state, members, nearby, links, examineHere } = options
  const views = new Map<NodeId, OwnView>()
  const silent = new Map<NodeId, CodedText>()
  const clocks = new Map<NodeId, number>()
  const asked = members.filter((nodeId) => nodeId !== self)
  await Promise.all([
    examineHere().then((view) => views.set(self, view)),
    ...asked.map(async (nodeId) => {
      if (!links.get(nodeId)) return void silent.set(nodeId, coded('doctor.silent.noLink'))
      const answer = await askMember(links, nodeId)
      if ('code' in answer) return void silent.set(nodeId, answer)
      views.set(nodeId, answer.view)
      clocks.set(nodeId, answer.clockMs)
    }),
  ])
  const strangers: Evidence['nearby'] = nearby
    .filter(({ nodeId }) => !members.includes(nodeId))
    .map(({ nodeId, clusterId, version, friendlyName }) => ({
      nodeId,
      clusterId,
      version,
      ...(friendlyName !== undefined && { friendlyName }),
    }))
  return judge({
    self,
    members,
    nameOf: (nodeId) => nodeName(state, nodeId),
    views,
    silent,
    edges: edgesOf(state.topology),
    clocks,
    nearby: strangers,
  })
}
