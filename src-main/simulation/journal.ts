import { Fact } from '@core/consensus/index'
import { Violation } from '@core/simulation/chaos/invariants'
import type { JournalLog } from '../master/index'
import type { NodeListener, ObservedNode } from './node-listener'

/** The log of a node's process: reports entries about splits and disks as happenings, and internal errors as failures. */
export const journalOf = ({ self: node }: ObservedNode, listener: NodeListener): JournalLog => {
  const take = (fields: object, message: string): void => {
    if (!('fact' in fields)) return
    const fact = Fact.parse(fields)
    switch (fact.fact) {
      case 'set_aside':
        return listener.happened({ kind: 'setAside', node, after: fact.after })
      case 'merged':
        return listener.happened({
          ...{ kind: 'merged', node },
          result: fact.refusal ? `refused: ${fact.refusal.reason}` : fact.result,
        })
      case 'snapshot_installed':
        return listener.happened({ kind: 'installed', node, through: fact.sequence })
      case 'stepped_down':
        return listener.happened({ kind: 'steppedDown', node, code: fact.code })
      case 'returned':
        return listener.happened({ kind: 'steppedUp', node })
      case 'clock_off':
        return listener.happened({ kind: 'clockOff', node, machine: fact.peer, aheadMs: fact.aheadMs })
      case 'process_manager_failed':
      case 'replication_failed':
      case 'log_unreadable':
      case 'split_unreadable':
      case 'implausible_term':
      case 'implausible_stamp':
      case 'frame_too_large': {
        // An error of the program itself, not of the simulated world.
        const cause = 'err' in fields ? fields.err : undefined
        const detail = cause instanceof Error ? cause.message : JSON.stringify(fact)
        return listener.failed(new Violation(`${node}: ${message} (${detail})`, { cause }))
      }
    }
  }
  return { info: take, warn: take }
}
