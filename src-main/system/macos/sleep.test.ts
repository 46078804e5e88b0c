import { describe, expect, it } from 'vitest'
import { recorded } from '../testing/recordings'
import { readSleepSettings } from '../sleep'
import { parseSleep } from './sleep'

describe('when a Mac sleeps', () => {
  it('is read for the power adapter and for the battery', () => {
    expect(parseSleep(recorded('pmset_custom_mbp.txt'))).toEqual({ powerMinutes: 10, batteryMinutes: 1 })
  })

  it('is never where the setting is 0, also while something prevents it', () => {
    expect(parseSleep(recorded('pmset_custom_studio_never.txt'))).toEqual({ powerMinutes: 0 })
  })

  it('is unknown where pmset says something else', () => {
    expect(parseSleep('')).toBeUndefined()
    expect(parseSleep('Error: no power sources')).toBeUndefined()
  })

  it('is not asked for on what is no Mac', async () => {
    const run = () => Promise.reject(new Error('not to be run'))
    expect(await readSleepSettings(run, 'linux')).toBeUndefined()
  })
})
