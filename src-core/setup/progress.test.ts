import { describe, expect, it } from 'vitest'
import { MetaInstanceId } from '../ids'
import { canGoTo, holdsDiscovery, leaveStep, setupSteps, stepBefore, stepMark, type SetupScope } from './progress'
import { SETUP_BEGINNING, SetupProgress } from '../settings/setup-progress'

const everything: SetupScope = { hasModel: true, hasOptions: true }
const nothing: SetupScope = { hasModel: false, hasOptions: false }

const walk = (scope: SetupScope): string[] => {
  const visited: string[] = []
  let progress = SETUP_BEGINNING
  while (progress.state === 'open') {
    visited.push(progress.step)
    progress = leaveStep(progress, 'done', scope)
  }
  return visited
}

describe('the progress of setting a machine up', () => {
  it('goes through every step once, in order, and ends', () => {
    expect(walk(everything)).toEqual(setupSteps(everything))
    expect(walk(everything)).toEqual([
      'welcome',
      'machine',
      'cluster',
      'model',
      'working',
      'chat',
      'connect',
      'options',
    ])
  })

  it('skips steps that have nothing to show', () => {
    expect(walk(nothing)).toEqual(['welcome', 'machine', 'cluster', 'model', 'connect'])
  })

  it('remembers which steps were skipped, and which were done later', () => {
    const skipped = leaveStep({ ...SETUP_BEGINNING, step: 'cluster' }, 'skipped', everything)
    expect(stepMark(skipped, 'cluster')).toBe('skipped')
    const again = leaveStep({ ...skipped, step: 'cluster' }, 'done', everything)
    expect(stepMark(again, 'cluster')).toBe('done')
  })

  it('goes back to the previous applicable step', () => {
    expect(stepBefore({ ...SETUP_BEGINNING, step: 'connect' }, nothing)).toBe('model')
    expect(stepBefore({ ...SETUP_BEGINNING, step: 'connect' }, everything)).toBe('chat')
    expect(stepBefore(SETUP_BEGINNING, everything)).toBeUndefined()
  })

  it('does not jump to a step that was not reached yet', () => {
    const progress = leaveStep(SETUP_BEGINNING, 'done', everything)
    expect(canGoTo(progress, 'welcome')).toBe(true)
    expect(canGoTo(progress, 'machine')).toBe(true)
    expect(canGoTo(progress, 'model')).toBe(false)
  })

  it('holds back discovery until it was explained, postponed or skipped', () => {
    expect(holdsDiscovery(SETUP_BEGINNING)).toBe(true)
    expect(holdsDiscovery({ ...SETUP_BEGINNING, step: 'machine' })).toBe(true)
    expect(holdsDiscovery({ ...SETUP_BEGINNING, step: 'cluster' })).toBe(false)
    expect(holdsDiscovery({ ...SETUP_BEGINNING, state: 'later' })).toBe(false)
  })

  it('survives a round trip through the disk', () => {
    const progress: SetupProgress = {
      step: 'working',
      state: 'open',
      outcomes: { welcome: 'done', cluster: 'skipped' },
      metaInstanceId: MetaInstanceId.parse('m-1'),
    }
    expect(SetupProgress.parse(JSON.parse(JSON.stringify(progress)))).toEqual(progress)
  })
})
