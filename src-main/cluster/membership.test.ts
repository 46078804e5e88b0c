import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { NodeId } from '@core/ids'
import { emptyState } from '@core/state/state'
import { AdmissionFile } from './joining/admission-file'
import { Membership } from './membership'

const self = NodeId.parse('a')
const other = NodeId.parse('b')

class Refused extends Error {
  readonly hint = 'Free some space.'
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A member of a cluster of two, whose disk refuses as often as it is told to. */
const member = ({ refusals }: { refusals: number }) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-membership-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  writeFileSync(join(dataDir, 'admission.json'), JSON.stringify({ version: 1, clusterId: 'c', members: [] }))
  let members = [self, other]
  const refuse = (): void => {
    if (refusals-- > 0) throw new Refused('The disk is full')
  }
  const beginAnew = vi.fn(async (next: readonly NodeId[]) => {
    refuse()
    members = [...next]
    await Promise.resolve()
  })
  const submit = vi.fn(() => Promise.resolve({ status: 'done' as const }))
  const warn = vi.fn()
  const membership = new Membership({
    identity: { nodeId: self, certificate: '', privateKey: '' },
    friendlyName: 'Mac',
    admission: new AdmissionFile(dataDir),
    master: {
      state: () => ({ ...emptyState(), masterNodeId: other }),
      subscribe: () => () => undefined,
      memberIds: () => members,
      submit,
      beginAnew,
    },
    peers: () => undefined,
    log: { info: () => undefined, warn },
  })
  onTestFinished(() => membership.close())
  return { membership, beginAnew, submit, warn, members: () => members }
}

it('continues alone after its removal as soon as its disk allows it, and says once what to do', async () => {
  const { membership, beginAnew, submit, warn, members } = member({ refusals: 3 })
  membership.removed()
  membership.removed()
  await vi.runAllTimersAsync()
  expect(members()).toEqual([self])
  expect(beginAnew).toHaveBeenCalledTimes(4)
  expect(submit).toHaveBeenCalled()
  const refused = warn.mock.calls.filter(([fields]) => 'hint' in fields)
  expect(refused).toEqual([[expect.objectContaining({ hint: 'Free some space.' }), expect.any(String)]])
})

it('leaves in peace a declaration that is made before it could register itself', async () => {
  const { membership, beginAnew, submit } = member({ refusals: 0 })
  submit.mockRejectedValueOnce(new Refused('The disk is full'))
  membership.removed()
  await vi.runAllTimersAsync()
  expect(beginAnew).toHaveBeenCalledTimes(1)
  expect(submit.mock.calls.length).toBeGreaterThan(1)
})

it('can be removed again after it was let in again', async () => {
  const { membership, beginAnew } = member({ refusals: 0 })
  membership.removed()
  await vi.runAllTimersAsync()
  membership.removed()
  await vi.runAllTimersAsync()
  expect(beginAnew).toHaveBeenCalledTimes(2)
})

it('stops trying when it is closed', async () => {
  const { membership, beginAnew } = member({ refusals: Infinity })
  membership.removed()
  await vi.advanceTimersByTimeAsync(5000)
  membership.close()
  const tries = beginAnew.mock.calls.length
  await vi.runAllTimersAsync()
  expect(tries).toBeGreaterThan(1)
  expect(beginAnew).toHaveBeenCalledTimes(tries)
})
