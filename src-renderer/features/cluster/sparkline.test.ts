import { describe, expect, it } from 'vitest'
import { sparkline } from './sparkline'

describe('the speed of recent requests', () => {
  it('is drawn as a line from the first speed to the last, the fastest on top', () => {
    expect(sparkline([10, 20], { width: 60, height: 10 })).toBe('M0.0 10.0L60.0 0.0')
  })

  it('is drawn flat where speeds hardly differ, and not at all where there is only one', () => {
    expect(sparkline([30, 30.03], { width: 60, height: 10 })).toBe('M0.0 10.0L60.0 9.9')
    expect(sparkline([30], { width: 60, height: 10 })).toBeUndefined()
  })
})
