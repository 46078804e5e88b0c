import { describe, expect, it } from 'vitest'
import { withoutEscapes } from './console'

describe('a console’s text', () => {
  it('loses its colors and what moves the cursor', () => {
    expect(withoutEscapes('\u001b[1;31merror\u001b[0m: no memory\u001b[K\u001b]0;title\u0007')).toBe('error: no memory')
  })

  it('shows of a line that is written over only how it ended', () => {
    expect(withoutEscapes('loading 1 %\rloading 50 %\rloading 100 %\r\nready\r\n')).toBe('loading 100 %\nready\n')
    expect(withoutEscapes('loading 1 %\rloading 50 %\r')).toBe('loading 50 %')
  })
})
