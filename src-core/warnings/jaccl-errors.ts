import type { NodeId } from '../ids'
import { coded } from '../texts/coded'
import { namedForRdma } from './rdma-wanted'
import { failuresIn, type Failure } from './failures'
import { isOutOfDomains, jacclErrors } from './jaccl-text'
import { namesOf } from './names'
import type { Detector } from './warning'

/**
 * Reports errors of MLX's RDMA backend: its driver is new, and a restart cures most of them. The id contains the text,
 * so a dismissed error appears again only if another one occurs.
 */
export const jacclErrorDetector: Detector = (state) => {
  const byText = new Map<string, Failure[]>()
  for (const failure of failuresIn(state)) {
    for (const text of jacclErrors(failure.text)) {
      // `protection-domains` reports this one and names the machine.
      if (isOutOfDomains(text) && failure.nodeId !== undefined) continue
      byText.set(text, [...(byText.get(text) ?? []), failure])
    }
  }
  return [...byText].flatMap(([text, [first, ...others]]) => {
    if (!first) return []
    const reporters = [...new Set([first, ...others].flatMap(({ nodeId }): NodeId[] => (nodeId ? [nodeId] : [])))]
    const nodeIds = reporters.length > 0 ? reporters : [...namedForRdma(state)]
    const machines = nodeIds.length > 0 ? namesOf(state, nodeIds) : undefined
    return [
      {
        id: `jaccl-error ${text}`,
        code: 'jaccl-error',
        severity: 'error',
        title: coded('alerts.jaccl.title'),
        cause: machines
          ? coded('alerts.jaccl.causeOn', { machines, error: text })
          : coded('alerts.jaccl.cause', { error: text }),
        fix: [
          { text: machines ? coded('alerts.jaccl.restartThese', { machines }) : coded('alerts.jaccl.restart') },
          { text: coded('alerts.jaccl.ring') },
        ],
        subject: first.subject,
        nodeIds,
      },
    ]
  })
}
