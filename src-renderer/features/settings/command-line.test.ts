import { describe, expect, it } from 'vitest'
import type { CommandLineToolAnswer } from '@core/protocols/desktop'
import { CommandLine, pathLine, problemText } from './command-line.svelte'

const desktop = (answers: Readonly<Record<'show' | 'install' | 'remove', CommandLineToolAnswer>>) => ({
  commandLineTool: ({ action }: { action: 'show' | 'install' | 'remove' }) => Promise.resolve(answers[action]),
})

describe('the command line tool of the app', () => {
  it('is shown in the app’s state, installed, and removed', async () => {
    const installed = { state: 'installed', path: '/home/me/.local/bin/muster', isFound: false } as const
    const tool = new CommandLine(
      desktop({ show: { state: 'absent' }, install: installed, remove: { state: 'absent' } }),
    )
    await tool.read()
    expect(tool.answer).toEqual({ state: 'absent' })
    await tool.ask('install')
    expect(tool.answer).toEqual(installed)
    expect(pathLine(installed.path)).toBe('export PATH="/home/me/.local/bin:$PATH"')
    await tool.ask('remove')
    expect(tool.answer).toEqual({ state: 'absent' })
  })

  it('says why it cannot be installed', async () => {
    const answer: CommandLineToolAnswer = {
      state: 'absent',
      problem: { kind: 'unwritable', folders: ['/usr/local/bin', '/home/me/.local/bin'] },
    }
    const tool = new CommandLine(desktop({ show: answer, install: answer, remove: answer }))
    await tool.ask('install')
    expect(tool.problem && problemText(tool.problem)).toContain('/usr/local/bin and /home/me/.local/bin')
    expect(problemText({ kind: 'taken', path: '/usr/local/bin/muster' })).toContain('/usr/local/bin/muster is another')
  })

  it('is not offered in a browser', async () => {
    const tool = new CommandLine(undefined)
    await tool.read()
    expect(tool.answer.state).toBe('unavailable')
  })
})
