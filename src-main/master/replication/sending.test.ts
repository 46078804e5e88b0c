import { afterEach, expect, it } from 'vitest'
import { emptyLog } from '@core/consensus/index'
import { NodeId } from '@core/ids'
import { systemTimers } from '../host'
import { Sending } from './sending'
import { ScratchLog, declarations } from '../testing/scratch-log'

let scratch: ScratchLog | undefined
afterEach(() => scratch?.dispose())

it('a deposed leader does not wait for its snapshot to become durable: its records may be about to be set aside', async () => {
  scratch = new ScratchLog()
  const { log } = scratch.open()
  await log.append(declarations(3, 1))
  const sent: string[] = []
  const sending = new Sending({
    directory: scratch.folder,
    timers: systemTimers,
    log: () => log,
    // Another leader makes this node truncate its log: its records never become durable for the consensus.
    end: () => emptyLog,
    leadsIn: () => false,
    send: () => void sent.push('records'),
    snapshot: () => ({ log: log.logEnd, bytes: Buffer.alloc(0) }),
    sendSnapshot: () => void sent.push('snapshot'),
    onTooOld: () => undefined,
  })
  const to = NodeId.parse('b')
  const through = await sending.send({ kind: 'sendRecords', to, after: -1, term: 1, bytes: 1000, whole: false })
  expect([through, sent]).toEqual([-1, []])
  await log.close()
})
