import { expect, it } from 'vitest'
import { Macs } from '../testing/macs'
import { aboutOf, englishWarning, type Warning } from './warning'
import { wrongClockDetector } from './wrong-clocks'

const HOUR_MS = 3_600_000

/** The warnings where the leader, or `reporter`, says how far the clock of the machine Studio is ahead. */
const found = ({ aheadMs, machines = ['Mini', 'Studio', 'Pro'], reporter = 'Mini' }: Given): Warning[] => {
  const macs = new Macs()
  const ids = new Map(machines.map((name) => [name, macs.mac(name)]))
  const [leader, studio, from] = ['Mini', 'Studio', reporter].map((name) => ids.get(name))
  if (studio !== undefined && from !== undefined) macs.says(from, { wrongClocks: [{ nodeId: studio, aheadMs }] })
  const state = { ...macs.state, masterNodeId: leader }
  return wrongClockDetector(state).map((one) => englishWarning({ ...one, about: aboutOf(one.subject) }))
}

interface Given {
  readonly aheadMs: number
  readonly machines?: readonly string[]
  readonly reporter?: string
}

it('names the machine, how far its clock is off, and the way out', () => {
  const [warning] = found({ aheadMs: 2 * HOUR_MS })
  expect(warning).toMatchObject({
    code: 'wrong-clock',
    severity: 'warning',
    title: 'The clock of Studio is 2 h ahead.',
    fix: [{ text: expect.stringContaining('On Studio, let the date and time be set automatically') as string }],
    subject: { kind: 'node' },
  })
  expect(found({ aheadMs: -40_000 })[0]?.title).toBe('The clock of Studio is 40 s behind.')
})

it('of two machines does not say which one is right', () => {
  const [warning] = found({ aheadMs: -HOUR_MS, machines: ['Mini', 'Studio'] })
  expect(warning?.title).toBe('The clocks of Studio and Mini differ by 60 min.')
  expect(warning?.fix.map(({ text }) => text.split(',')[0])).toEqual(['On Studio', 'On Mini'])
})

it('is the same warning while the clock runs on, so that it stays dismissed', () => {
  expect(found({ aheadMs: HOUR_MS })[0]?.id).toBe(found({ aheadMs: 2 * HOUR_MS })[0]?.id)
})

it('is not given by a machine that does not lead: it hears one clock only', () => {
  expect(found({ aheadMs: HOUR_MS, reporter: 'Studio' })).toEqual([])
})
