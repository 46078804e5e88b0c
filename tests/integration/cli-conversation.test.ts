import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { CTRL_C, CTRL_D, musterInTerminal, type TerminalSession } from '../harness/terminal-session'

describe('a conversation in a terminal', () => {
  const folder = temporaryFolder()
  let node: HeadlessNode
  let session: TerminalSession | undefined

  beforeAll(async () => {
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    await new Control(node.url).declare(TINY, { name: 'chat' })
  })
  afterEach(() => {
    session?.kill()
    session = undefined
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  const open = (...args: string[]): TerminalSession => {
    session = musterInTerminal({ url: node.url }, 'run', 'chat', ...args)
    return session
  }

  it('answers each question, and ends with Ctrl-D', async () => {
    const terminal = open('--max-tokens', '8', '--temperature', '0')
    await terminal.shows(/chat is ready/)
    for (const question of ['Hello', 'And then?']) {
      await terminal.shows(/>>> /)
      terminal.type(`${question}\r`)
      await terminal.shows(/cut off at its token limit/)
    }
    await terminal.shows(/>>> /)
    terminal.type(CTRL_D)
    expect(await terminal.exited).toBe(0)
  })

  it('stops an answer with Ctrl-C, goes on, and the node computes no more of it', async () => {
    // Without chance this model does not end by itself.
    const terminal = open('--temperature', '0')
    await terminal.shows(/>>> /)
    terminal.type('Go on for ever\r')
    const control = new Control(node.url)
    await control.until('it answers', ({ tasks }) => Object.values(tasks).some(({ status }) => status === 'Running'))
    terminal.type(CTRL_C)
    await terminal.shows(/\(stopped\)/)
    await terminal.shows(/>>> /)
    await control.until('nothing is computed', ({ tasks }) =>
      Object.values(tasks).every(({ status }) => status !== 'Running' && status !== 'Pending'),
    )
    terminal.type(CTRL_C)
    await terminal.shows(/Ctrl-D ends the conversation/)
    terminal.type(CTRL_D)
    expect(await terminal.exited).toBe(0)
  })

  it('takes a question of several lines, and commands of its own', async () => {
    const terminal = open('--max-tokens', '4')
    await terminal.shows(/>>> /)
    terminal.type('"""first\r')
    await terminal.shows(/\.\.\. /)
    terminal.type('second"""\r')
    await terminal.shows(/>>> /)
    terminal.type('/help\r')
    await terminal.shows(/Ctrl-C stops an answer/)
    terminal.type('/bye\r')
    expect(await terminal.exited).toBe(0)
  })

  it('begins a line for the error that ends an answer, and goes on', async () => {
    const terminal = open('--temperature', '0')
    await terminal.shows(/>>> /)
    terminal.type('Go on for ever\r')
    await new Control(node.url).until('it answers', ({ tasks }) =>
      Object.values(tasks).some(({ status }) => status === 'Running'),
    )
    await terminal.shows(/for ever\r+\n\w/)
    await node.kill()
    await terminal.shows(/\r\nThe connection to the node was lost/)
    await terminal.shows(/>>> /)
    terminal.type(CTRL_D)
    expect(await terminal.exited).toBe(0)
  })
})
