import type { NodeId } from '../ids'
import { namedForRdma } from './rdma-wanted'
import { failuresIn, type Failure } from './failures'
import { isOutOfDomains, jacclErrors } from './jaccl-text'
import { namesOf } from './names'
import type { Family } from './warning'

/**
 * An error of MLX's RDMA backend: the driver beneath is new, and its errors are mostly cured by a
 * restart. Known by its text, so that who dismissed it hears of it again only when another one comes.
 */
export const jacclErrorFamily: Family = (state) => {
  const byText = new Map<string, Failure[]>()
  for (const failure of failuresIn(state)) {
    for (const text of jacclErrors(failure.text)) {
      // That one has a warning of its own, which names the machine.
      if (isOutOfDomains(text) && failure.nodeId !== undefined) continue
      byText.set(text, [...(byText.get(text) ?? []), failure])
    }
  }
  return [...byText].flatMap(([text, [first, ...others]]) => {
    if (!first) return []
    const saidBy = [...new Set([first, ...others].flatMap(({ nodeId }): NodeId[] => (nodeId ? [nodeId] : [])))]
    const nodeIds = saidBy.length > 0 ? saidBy : [...namedForRdma(state)]
    const machines = nodeIds.length > 0 ? namesOf(state, nodeIds) : 'the Macs it runs on'
    return [
      {
        id: `jaccl-error ${text}`,
        code: 'jaccl-error',
        severity: 'error',
        title: 'The experimental RDMA driver in macOS failed.',
        cause: `${nodeIds.length > 0 ? `On ${machines}` : 'A runner said'}: ${text}`,
        fix: [
          { text: `Restart ${machines}. Most errors of this driver go with a restart.` },
          {
            text: 'If it comes back, use a ring for this model: in its menu choose Change…, then More, Connection, Ring. It is slower between machines, and needs no RDMA.',
          },
        ],
        subject: first.subject,
        nodeIds,
      },
    ]
  })
}
