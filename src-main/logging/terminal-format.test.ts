import { describe, expect, it } from 'vitest'
import { formatForTerminal } from './terminal-format'

const line = (fields: object) =>
  JSON.stringify({ time: '2026-03-04T05:06:07.008Z', level: 'info', msg: 'started', ...fields })
const at = new Date('2026-03-04T05:06:07.008Z').toTimeString().slice(0, 8)

describe('a log line on the terminal', () => {
  it('says when, how bad, which part, what, and with which values', () => {
    expect(formatForTerminal(line({ part: 'worker', model: 'a/b', layers: 3 }), { colour: false })).toBe(
      `${at} info worker: started (model=a/b layers=3)\n`,
    )
  })

  it.each([
    ['err', { type: 'Error', message: 'disk full', stack: 'Error: disk full\n  at x' }],
    ['error', { type: 'Error', message: 'disk full', stack: 'Error: disk full\n  at x' }],
    ['err', 'disk full'],
    ['error', 'disk full'],
  ])('shows what an error in the field %s said and leaves its stack to the file', (name, error) => {
    expect(formatForTerminal(line({ level: 'error', msg: 'cannot write', [name]: error }), { colour: false })).toBe(
      `${at} error cannot write: disk full\n`,
    )
  })

  it('is written whatever the field of the error has, for a log that throws would end what it reports', () => {
    for (const error of [{}, 7, null, []])
      expect(formatForTerminal(line({ err: error, error }), { colour: false })).toBe(`${at} info started\n`)
  })

  it('quotes text with blanks', () => {
    expect(formatForTerminal(line({ name: 'Mac Studio' }), { colour: false })).toContain('(name="Mac Studio")')
  })

  it('is coloured only where that was asked for', () => {
    expect(formatForTerminal(line({ level: 'warn' }), { colour: true })).toContain('\u001b[33m')
    expect(formatForTerminal(line({ level: 'warn' }), { colour: false })).not.toContain('\u001b')
  })
})
