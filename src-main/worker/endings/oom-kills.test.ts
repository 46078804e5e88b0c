import { expect, it } from 'vitest'
import { oomKillsIn } from './oom-kills'

it('counts OOM kills, where the system reports them', () => {
  expect(oomKillsIn('pgfault 12\noom_kill 7\noom_kill_other 9\n')).toBe(7)
  expect(oomKillsIn('oom_kill 0\n')).toBe(0)
  expect(oomKillsIn('pgfault 12\n')).toBeUndefined()
})
