import type { NodeId } from '../ids'
import { macosOf, rdmaRisks } from '../rdma/index'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { allOf, coded } from '../texts/coded'
import { namesOf } from './names'
import { jacclDeclarations } from './rdma-wanted'
import type { Detector, DetectedWarning, WarningSubject } from './warning'

interface Group {
  readonly nodeIds: readonly NodeId[]
  readonly subject: WarningSubject
}

/** Machines that use RDMA with one another: those of an instance, or those that a declaration names. */
const groupsOf = (state: State): Group[] => [
  ...Object.values(state.instances)
    .filter(({ instanceMeta }) => instanceMeta === 'MlxJaccl')
    .map(({ instanceId, metaInstanceId, shards }): Group => ({
      nodeIds: shards.map(({ nodeId }) => nodeId),
      subject: metaInstanceId ? { kind: 'metaInstance', metaInstanceId } : { kind: 'instance', instanceId },
    })),
  ...jacclDeclarations(state).map(({ nodeIds = [], metaInstanceId }): Group => ({
    nodeIds,
    subject: { kind: 'metaInstance', metaInstanceId },
  })),
]

/** Unknown for an offline machine. */
const versionOn = ({ nodes }: State, nodeId: NodeId): string | undefined => {
  const node = nodes[nodeId]
  return node && macosOf(node)
}

/**
 * Warns if machines of one RDMA instance differ in their macOS version or build, because the driver's protocol is not
 * stable yet.
 */
export const macosVersionDetector: Detector = (state) => {
  const found = new Map<string, DetectedWarning>()
  for (const { nodeIds, subject } of groupsOf(state)) {
    const known = [...nodeIds].sort().flatMap((nodeId) => {
      const version = versionOn(state, nodeId)
      return version === undefined ? [] : [{ nodeId, version }]
    })
    const doubtful = known.some(({ nodeId: a }) =>
      known.some(({ nodeId: b }) => a < b && rdmaRisks(state, a, b).length > 0),
    )
    if (!doubtful) continue
    const id = `macos-versions ${known.map(({ nodeId, version }) => `${nodeId} ${version}`).join(', ')}`
    if (found.has(id)) continue
    const versionTexts = known.map(({ nodeId, version }) =>
      coded('alerts.macos.has', { name: nodeName(state, nodeId), version }),
    )
    found.set(id, {
      id,
      code: 'macos-versions',
      severity: 'warning',
      title: coded('alerts.macos.title'),
      cause: coded('alerts.macos.cause', { versions: allOf(versionTexts) }),
      fix: [
        {
          text: coded('alerts.macos.update', {
            names: namesOf(
              state,
              known.map(({ nodeId }) => nodeId),
            ),
          }),
        },
        { text: coded('alerts.macos.see'), commands: ['sw_vers'] },
      ],
      subject,
      nodeIds: known.map(({ nodeId }) => nodeId),
    })
  }
  return [...found.values()]
}
