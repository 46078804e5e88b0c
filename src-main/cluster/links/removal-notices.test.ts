import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { admittedAt, RemovalNotices } from './removal-notices'

const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
const notices = (isLinked = false, at = 100): RemovalNotices =>
  new RemovalNotices({ isLinked: () => isLinked, admittedAt: () => at })
const hears = (some: RemovalNotices, removedAt: number | undefined, times: number): boolean =>
  Array.from({ length: times }, () => some.hear(b, { removedAt })).some(Boolean)
/** `admittedAt` of a machine that was admitted together with others; its own log does not contain the admission. */
const letIn = ({
  reportedAdmission,
  retired,
}: {
  reportedAdmission?: number
  retired?: Record<string, number>
}): number => admittedAt({ self: a, state: { members: {}, retired }, memberIds: [a, b], reportedAdmission })

describe('a notice of removal', () => {
  it('is believed the third time in a row from one member', () => {
    expect(hears(notices(), 200, 2)).toBe(false)
    expect(hears(notices(), 200, 3)).toBe(true)
    const interrupted = notices()
    hears(interrupted, 200, 2)
    interrupted.hear(b, undefined)
    expect(hears(interrupted, 200, 2)).toBe(false)
    const divided = notices()
    hears(divided, 200, 2)
    expect(divided.hear(a, { removedAt: 200 })).toBe(false)
  })

  it('is believed also while another member is linked, who may have been removed as well', () => {
    expect(hears(notices(true), 200, 3)).toBe(true)
  })

  it('is not believed by a machine that was let in again after that', () => {
    expect(hears(notices(), 99, 9)).toBe(false)
  })

  it('is not believed by a machine that was let in and has no log yet', () => {
    expect(hears(notices(false, letIn({ reportedAdmission: 201 })), 200, 9)).toBe(false)
    expect(hears(notices(false, letIn({})), 200, 9)).toBe(false)
  })

  it('is believed by a machine that was let in and has no log yet, where it was removed after that', () => {
    expect(hears(notices(false, letIn({ reportedAdmission: 199 })), 200, 3)).toBe(true)
  })

  it('is believed by a leader that removed itself', () => {
    expect(hears(notices(false, letIn({ retired: { a: 200 }, reportedAdmission: 300 })), 200, 3)).toBe(true)
  })

  it('of an older version, which does not say when, is believed while no other member is linked', () => {
    expect(hears(notices(), undefined, 3)).toBe(true)
    expect(hears(notices(true), undefined, 9)).toBe(false)
  })
})
