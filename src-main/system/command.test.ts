import { describe, expect, it } from 'vitest'
import { execute, runCommand } from './command'

const node = process.execPath

describe('a program of the system', () => {
  it('returns its output', async () => {
    expect(await runCommand(node, ['-p', '1+1'])).toBe('2\n')
  })

  it('counts as answered if it fails after printing', async () => {
    expect(await runCommand(node, ['-e', 'console.log("half"); process.exitCode = 1'])).toBe('half\n')
  })

  it('is no error if it is missing or fails without output', async () => {
    expect(await runCommand('/no/such/program', [])).toBeUndefined()
    expect(await runCommand(node, ['-e', 'process.exit(3)'])).toBeUndefined()
  })

  it('distinguishes a missing program from a failing one', async () => {
    expect(await execute('/no/such/program', [])).toEqual({ ended: 'missing' })
    expect(await execute(node, ['-e', 'console.error("not from here"); process.exit(77)'])).toEqual({
      ended: 'exited',
      stdout: '',
      stderr: 'not from here\n',
    })
  })

  it('is ended after its time limit', async () => {
    const result = await execute(node, ['-e', 'console.log("begun"); setInterval(() => {}, 1000)'], { timeLimitMs: 50 })
    if (result.ended !== 'time_limit') throw new Error(`it ${result.ended}`)
    await result.gone
  })
})
