import { flushSync, mount, unmount } from 'svelte'
import { afterEach, describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import type { Check, PairReport } from '@core/protocols/doctor'
import DoctorTable from './doctor-table.svelte'

const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
const yes: Check = { state: 'yes', code: 'yes', reason: 'it works' }
const pair = (from: NodeId, to: NodeId): PairReport => ({
  ...{ from, to, announced: yes, tcpOut: yes, tcpIn: yes, tls: yes, link: yes, probe: yes },
})

afterEach(() => document.body.replaceChildren())

describe('the table of the doctor', () => {
  it('shows every check of a pair, also of two machines with the same name', () => {
    const members = [a, b].map((nodeId) => ({ nodeId, friendlyName: 'MacBook Pro', answered: true }))
    const report = { nodeId: a, members, pairs: [pair(a, b), pair(b, a)], nearby: [], findings: [] }
    const table = mount(DoctorTable, { target: document.body, props: { report } })
    document.querySelector('button')?.click()
    flushSync()
    expect(document.querySelectorAll('dd')).toHaveLength(9)
    return unmount(table)
  })
})
