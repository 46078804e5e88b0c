import { z } from 'zod'
import { Violation } from '@core/simulation/chaos/invariants'
import type { JournalLog } from '../master/index'
import type { NodeListener, Teller } from './node-listener'

/** What a process writes into its log when something is wrong with the program itself, not with the world around it. */
const FAULTS: ReadonlySet<string> = new Set([
  'a process manager failed',
  'replication failed',
  'the log cannot be read either',
  'what a member says of terms cannot be so',
  'a message is too large for a link',
  'what was decided during a split cannot be read; its file is kept as damaged',
])

const SetAside = z.object({ after: z.number() })
const Merged = z.object({ result: z.string(), refusal: z.object({ reason: z.string() }).optional() })
const Installed = z.object({ sequence: z.number() })
const SteppedDown = z.object({ code: z.string() })

/** A process's log: what it says there of splits and of its disk is a part of what happens. */
export const journalOf = ({ self: node }: Teller, listener: NodeListener): JournalLog => {
  const take = (fields: object, message: string): void => {
    if (FAULTS.has(message)) {
      const { err: cause, ...what } = 'err' in fields ? fields : { ...fields, err: undefined }
      const detail = cause instanceof Error ? cause.message : JSON.stringify(what)
      listener.failed(new Violation(`${node}: ${message} (${detail})`, { cause }))
    }
    if (message === 'set aside what the other machines do not have')
      listener.happened({ kind: 'setAside', node, after: SetAside.parse(fields).after })
    if (message === 'merged what was declared apart') {
      const { result, refusal } = Merged.parse(fields)
      listener.happened({ kind: 'merged', node, result: refusal ? `refused: ${refusal.reason}` : result })
    }
    if (message === 'took a snapshot of the leader in the place of its log')
      listener.happened({ kind: 'installed', node, through: Installed.parse(fields).sequence })
    if (message === 'stepped down')
      listener.happened({ kind: 'steppedDown', node, code: SteppedDown.parse(fields).code })
    if (message === 'the disk takes records again') listener.happened({ kind: 'steppedUp', node })
  }
  return { info: take, warn: take }
}
