import { describe, expect, it } from 'vitest'
import { runCommand } from './command'

describe('a program of the system', () => {
  it('gives what it printed', async () => {
    expect(await runCommand(process.execPath, ['-p', '1+1'])).toBe('2\n')
  })

  it('has answered where it fails after printing', async () => {
    expect(await runCommand(process.execPath, ['-e', 'console.log("half"); process.exitCode = 1'])).toBe('half\n')
  })

  it('is no error where it is missing or fails without a word', async () => {
    expect(await runCommand('/no/such/program', [])).toBeUndefined()
    expect(await runCommand(process.execPath, ['-e', 'process.exit(3)'])).toBeUndefined()
  })
})
