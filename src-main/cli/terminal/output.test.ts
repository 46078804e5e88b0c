import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { mayColour, Output, outputTo } from './output'
import { Progress } from './progress'

const recorded = (isTerminal: boolean, colour = false) => {
  const written: string[] = []
  const output = new Output({
    write: async (text) => void written.push(text),
    ...{ isTerminal, colour, columns: () => (isTerminal ? 20 : undefined) },
  })
  return { output, written }
}

describe('output', () => {
  it('has colour on a terminal only, and not where somebody does not want it', () => {
    expect(mayColour(true, {})).toBe(true)
    expect(mayColour(false, {})).toBe(false)
    expect(mayColour(true, { NO_COLOR: '1' })).toBe(false)
    expect(mayColour(true, { NO_COLOR: '' })).toBe(true)
    expect(mayColour(true, { TERM: 'dumb' })).toBe(false)
  })

  it('paints what is styled and nothing else', async () => {
    const { output, written } = recorded(true, true)
    await output.line('a ', { text: 'b\u001b[0m', style: 'red' })
    expect(written).toEqual(['a \u001b[31mb␛[0m\u001b[39m\n'])
  })

  it('takes the changing line away before anything else is printed', async () => {
    const { output, written } = recorded(true)
    await output.status('LOADING 1 of 24 la…ers on studio')
    await output.line('done')
    expect(written).toEqual(['\r\u001b[KLOADING 1 of 24 la…', '\r\u001b[Kdone\n'])
  })

  it('never lets a line that is replaced wrap, whatever is in it: only the last row of it would be taken away', async () => {
    const { output, written } = recorded(true)
    await output.status('書斎のマック書斎のマック書斎のマック')
    await output.frame([
      ['12345678901234567', { text: '8901234', style: 'bold' }],
      ['書斎の', 'マック書斎のマック'],
    ])
    expect(written).toEqual([
      '\r\u001b[K書斎のマック書斎の…',
      '\r\u001b[K1234567890123456789…\u001b[K\n書斎のマック書斎の…\u001b[K\n\u001b[J',
    ])
  })

  it('replaces a frame by the next one, with no more lines than the terminal has and nothing left of the last', async () => {
    const written: string[] = []
    const write = async (text: string) => void written.push(text)
    const output = new Output({ write, isTerminal: true, colour: false, columns: () => 20, rows: () => 3 })
    await output.frame([['a'], ['b\u001b[2J'], ['c'], ['d']])
    await output.frame([['x']])
    expect(written).toEqual(['a\u001b[K\nb␛[2J\u001b[K\n\u001b[J', '\u001b[2A\rx\u001b[K\n\u001b[J'])
  })
})

describe('a terminal that does not know its size', () => {
  it('gets everything, as a pipe does', async () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 0, rows: 0 })
    const output = outputTo(stream as unknown as NodeJS.WriteStream, {})
    expect(output.columns).toBeUndefined()
    await output.frame([['a'], ['b'], ['c']])
    expect(String(stream.read())).toBe('a\u001b[K\nb\u001b[K\nc\u001b[K\n\u001b[J')
  })
})

describe('progress without a terminal', () => {
  it('tells each step once, and again only after a while', async () => {
    const { output, written } = recorded(false)
    let now = 0
    const progress = new Progress(output, () => now)
    await progress.show('DOWNLOADING', '1 %')
    await progress.show('DOWNLOADING', '2 %')
    now = 10_000
    await progress.show('DOWNLOADING', '40 %')
    await progress.show('LOADING', 'LOADING')
    await progress.end()
    expect(written).toEqual(['1 %\n', '40 %\n', 'LOADING\n'])
  })
})
