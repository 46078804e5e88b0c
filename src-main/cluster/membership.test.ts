import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { NodeId } from '@core/ids'
import type { Admission } from '@core/protocols/join'
import { emptyState } from '@core/state/state'
import { eventually } from '@core/testing/eventually'
import { AdmissionFile } from './joining/admission-file'
import { Joining } from './joining/joining'
import { Membership } from './membership'

const self = NodeId.parse('a')
const other = NodeId.parse('b')

class Refused extends Error {
  readonly hint = 'Free some space.'
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A member of a cluster of two, whose disk rejects that many writes. */
const member = ({ refusals }: { refusals: number }) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-membership-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  writeFileSync(join(dataDir, 'admission.json'), JSON.stringify({ version: 1, clusterId: 'c', members: [] }))
  let members = [self, other]
  const refuse = (): void => {
    if (refusals-- > 0) throw new Refused('The disk is full')
  }
  const startOver = vi.fn(async (next: readonly NodeId[]) => {
    refuse()
    members = [...next]
    await Promise.resolve()
  })
  const submit = vi.fn(() => Promise.resolve({ status: 'done' as const }))
  const named = { is: false }
  const [warn, removed] = [vi.fn(), vi.fn()]
  const membership = new Membership({
    identity: { nodeId: self, certificate: '', privateKey: '' },
    friendlyName: 'Mac',
    admission: new AdmissionFile(dataDir),
    master: {
      state: () => ({ ...emptyState(), masterNodeId: other }),
      subscribe: () => () => undefined,
      memberIds: () => members,
      get isNamedByLog() {
        return named.is
      },
      submit,
      removed,
      startOver,
    },
    peers: () => undefined,
    log: { info: () => undefined, warn },
  })
  onTestFinished(() => membership.close())
  return { membership, startOver, submit, removed, warn, members: () => members, named, dataDir }
}

it('continues alone after its removal as soon as its disk allows it, and says once what to do', async () => {
  const { membership, startOver, submit, warn, members } = member({ refusals: 3 })
  membership.removed()
  membership.removed()
  await vi.runAllTimersAsync()
  expect(members()).toEqual([self])
  expect(startOver).toHaveBeenCalledTimes(4)
  expect(submit).toHaveBeenCalled()
  const refused = warn.mock.calls.filter(([fields]) => 'hint' in fields)
  expect(refused).toEqual([[expect.objectContaining({ hint: 'Free some space.' }), expect.any(String)]])
})

it('takes no commands from its removal until it has begun anew', async () => {
  const { membership, startOver, removed } = member({ refusals: 0 })
  membership.removed()
  expect(removed).toHaveBeenCalledTimes(1)
  expect(startOver).not.toHaveBeenCalled()
  await vi.runAllTimersAsync()
  expect(startOver).toHaveBeenCalledTimes(1)
})

it('leaves in peace a declaration that is made before it could register itself', async () => {
  const { membership, startOver, submit } = member({ refusals: 0 })
  submit.mockRejectedValueOnce(new Refused('The disk is full'))
  membership.removed()
  await vi.runAllTimersAsync()
  expect(startOver).toHaveBeenCalledTimes(1)
  expect(submit.mock.calls.length).toBeGreaterThan(1)
})

it('can be removed again after it was let in again', async () => {
  const { membership, startOver } = member({ refusals: 0 })
  membership.removed()
  await vi.runAllTimersAsync()
  membership.removed()
  await vi.runAllTimersAsync()
  expect(startOver).toHaveBeenCalledTimes(2)
})

it('joins as soon as its disk allows it, as the others count on it by then', async () => {
  const { membership, startOver, warn, members } = member({ refusals: 2 })
  const admission: Admission = { clusterId: 'c', members: [{ nodeId: other, addresses: [] }] }
  vi.spyOn(Joining.prototype, 'withToken').mockImplementation(function (this: Joining) {
    return this['options'].adopt(admission)
  })
  const joined = membership.joining.withToken('token')
  // The admission file is real: its writes do not advance the fake clock.
  await eventually(async () => {
    await vi.advanceTimersByTimeAsync(5000)
    expect(startOver).toHaveBeenCalledTimes(3)
  })
  await joined
  expect(members()).toEqual([self, other])
  expect(warn.mock.calls.filter(([fields]) => 'hint' in fields)).toHaveLength(1)
})

it('keeps its admission until its log has it', async () => {
  const { named, dataDir, membership } = member({ refusals: 0 })
  const isKept = (): boolean => existsSync(join(dataDir, 'admission.json'))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(isKept()).toBe(true)
  named.is = true
  await vi.advanceTimersByTimeAsync(2000)
  expect(isKept()).toBe(false)
  membership.close()
})

it('stops trying when it is closed', async () => {
  const { membership, startOver } = member({ refusals: Infinity })
  membership.removed()
  await vi.advanceTimersByTimeAsync(5000)
  membership.close()
  const tries = startOver.mock.calls.length
  await vi.runAllTimersAsync()
  expect(tries).toBeGreaterThan(1)
  expect(startOver).toHaveBeenCalledTimes(tries)
})
