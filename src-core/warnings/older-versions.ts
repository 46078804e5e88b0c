import type { NodeId } from '../ids'
import { compareVersions } from '../identity/version'
import { nodeName } from '../state/bindings'
import { allOf, coded } from '../texts/coded'
import { namesOf } from './names'
import type { Detector } from './warning'

/**
 * Hints at machines with an older version of Muster than another one. Members of different versions work together with
 * the features of the oldest, so this is a hint and not a warning. While machines are updated one after another it is
 * shown until the last is done.
 */
export const olderVersionDetector: Detector = (state) => {
  const machines = Object.values(state.nodes)
    .map(({ nodeId, version }) => ({ nodeId, version }))
    .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
  const newest = machines.reduce<string | undefined>(
    (best, { version }) => (best === undefined || compareVersions(version, best) > 0 ? version : best),
    undefined,
  )
  if (newest === undefined) return []
  const older = machines.filter(({ version }) => compareVersions(version, newest) < 0)
  const [first] = older
  if (!first) return []
  const nodeIds: NodeId[] = older.map(({ nodeId }) => nodeId)
  const names = namesOf(state, nodeIds)
  const has = older.map(({ nodeId, version }) =>
    coded('alerts.versions.has', { name: nodeName(state, nodeId), version }),
  )
  return [
    {
      id: `older-versions ${newest} ${older.map(({ nodeId, version }) => `${nodeId} ${version}`).join(', ')}`,
      code: 'older-versions',
      severity: 'hint',
      title: coded('alerts.versions.title', { names }),
      cause: coded('alerts.versions.cause', { versions: allOf(has), newest }),
      fix: [
        { text: coded('alerts.versions.app', { names }) },
        { text: coded('alerts.versions.terminal', { names }), commands: ['muster update'] },
      ],
      subject: { kind: 'node', nodeId: first.nodeId },
      nodeIds,
    },
  ]
}
