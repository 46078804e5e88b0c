import { describe, expect, it } from 'vitest'
import { offHours } from '@core/testing/off-hours'
import { servedModels } from '../served-models'
import { running } from './models'

describe('the models in memory', () => {
  it('have a time at which they end also where a request has loaded them outside their hours', () => {
    const { world, wake } = offHours()
    wake()
    const listed = running(world.state, servedModels({ state: world.state, loadable: [] }), () => undefined)
    expect(listed).toMatchObject([{ expires_at: '2026-03-04T12:05:00.000Z' }])
  })
})
