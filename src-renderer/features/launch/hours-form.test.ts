import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import type { Hours } from '@core/schedules/hours'
import { HoursForm } from './hours-form.svelte'

const known: Hours[] = [{ days: ['Mon'], from: '09:00', to: '18:00', timeZone: 'UTC' }]

describe('the hours of the launch form', () => {
  it('are empty at first, then working hours, then nights', () => {
    const form = new HoursForm(undefined)
    expect([form.value, form.isChanged]).toEqual([undefined, false])
    form.add()
    expect(form.value).toMatchObject([{ days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '09:00', to: '18:00' }])
    form.add()
    expect(form.value?.[1]).toMatchObject({ from: '18:00', to: '09:00' })
    expect(form.value?.[1]).not.toHaveProperty('days')
    expect(form.isChanged).toBe(true)
  })

  it('of a declaration stay unchanged until the user changes them, and its days keep their order', () => {
    const form = new HoursForm(known)
    expect([form.value, form.isChanged]).toEqual([known, false])
    form.change(0, { days: form.toggle(['Wed', 'Mon'], 'Tue'), nodeIds: [NodeId.parse('a')] })
    expect(form.value).toMatchObject([{ days: ['Mon', 'Tue', 'Wed'], nodeIds: ['a'] }])
    form.remove(0)
    expect([form.value, form.isChanged]).toEqual([undefined, true])
  })
})
