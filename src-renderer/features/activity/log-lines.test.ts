import { describe, expect, it } from 'vitest'
import { logLine, matchingLines } from './log-lines'

const lines = [
  '{"level":"info","time":"2026-01-01T10:00:00.000Z","part":"worker","msg":"a runner started","runnerId":"r1"}',
  '{"level":"error","time":"2026-01-01T10:00:01.000Z","msg":"it failed","error":{"code":"x"}}',
  'no JSON at all',
  '17',
].map(logLine)

describe('the log', () => {
  it('is parsed line by line, including lines of other programs', () => {
    expect(lines[0]).toMatchObject({
      level: 'info',
      part: 'worker',
      message: 'a runner started',
      fields: 'runnerId=r1',
    })
    expect(lines[1]).toMatchObject({ level: 'error', fields: 'error={"code":"x"}' })
    expect(lines.slice(2).map(({ message }) => message)).toEqual(['no JSON at all', '17'])
  })

  it('is filtered by level and by words, in the fields too', () => {
    expect(matchingLines(lines, { level: 'warn', search: '' })).toHaveLength(1)
    expect(matchingLines(lines, { level: 'debug', search: 'R1 started' })).toHaveLength(1)
    expect(matchingLines(lines, { level: 'debug', search: '' })).toHaveLength(4)
  })
})
