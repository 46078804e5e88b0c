import { describe, expect, it } from 'vitest'
import { withoutEscapes } from './console'

describe('a console’s text', () => {
  it('is shown without colours and cursor movements', () => {
    expect(withoutEscapes('\u001b[1;31merror\u001b[0m: no memory\u001b[K\u001b]0;title\u0007')).toBe('error: no memory')
  })

  it('shows only the final text of an overwritten line', () => {
    expect(withoutEscapes('loading 1 %\rloading 50 %\rloading 100 %\r\nready\r\n')).toBe('loading 100 %\nready\n')
    expect(withoutEscapes('loading 1 %\rloading 50 %\r')).toBe('loading 50 %')
  })
})
