import { expect, it } from 'vitest'
import { Macs } from '../testing/macs'
import { aboutOf, englishWarning, type Warning } from './warning'
import { wrongClockDetector } from './wrong-clocks'

const HOUR_MS = 3_600_000

/** Two machines, of which `reporter` says how far the second one's clock is ahead. */
const found = ({ aheadMs, reporter = 'Mini' }: { aheadMs: number; reporter?: 'Mini' | 'Studio' }): Warning[] => {
  const macs = new Macs()
  const [leader, other] = [macs.mac('Mini'), macs.mac('Studio')]
  macs.says(reporter === 'Mini' ? leader : other, { wrongClocks: [{ nodeId: other, aheadMs }] })
  const state = { ...macs.state, masterNodeId: leader }
  return wrongClockDetector(state).map((one) => englishWarning({ ...one, about: aboutOf(one.subject) }))
}

it('names the machine, how far its clock is off, and the way out', () => {
  const [warning] = found({ aheadMs: 2 * HOUR_MS })
  expect(warning).toMatchObject({
    code: 'wrong-clock',
    severity: 'warning',
    title: 'The clock of Studio is 120 min ahead.',
    fix: [{ text: expect.stringContaining('On Studio, let the date and time be set automatically') as string }],
    subject: { kind: 'node' },
  })
  expect(found({ aheadMs: -40_000 })[0]?.title).toBe('The clock of Studio is 40 s behind.')
})

it('is the same warning while the clock runs on, so that it stays dismissed', () => {
  expect(found({ aheadMs: HOUR_MS })[0]?.id).toBe(found({ aheadMs: 2 * HOUR_MS })[0]?.id)
})

it('is not given by a machine that does not lead: it hears one clock only', () => {
  expect(found({ aheadMs: HOUR_MS, reporter: 'Studio' })).toEqual([])
})
