import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { markdownBlocks, type Block, type Inline } from './blocks'

const inlineText = (inline: Inline): string => {
  switch (inline.kind) {
    case 'text':
    case 'code':
      return inline.text
    case 'break':
      return '\n'
    default:
      return inline.children.map(inlineText).join('')
  }
}

const only = (markdown: string): Block => {
  const [first, ...others] = markdownBlocks(markdown)
  expect(others).toEqual([])
  if (!first) throw new Error('nothing was found')
  return first
}

describe('what a model wrote', () => {
  it('is taken apart into paragraphs, lists, code and tables', () => {
    const found = markdownBlocks(
      '# Title\n\nOne **two** `three`\n\n1. a\n2. b\n\n```ts\nlet x\n```\n\n| a | b |\n|-|-|\n| 1 | 2 |',
    )
    expect(found.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'list', 'code', 'table'])
    expect(found[1]).toEqual({
      kind: 'paragraph',
      children: [
        { kind: 'text', text: 'One ' },
        { kind: 'strong', children: [{ kind: 'text', text: 'two' }] },
        { kind: 'text', text: ' ' },
        { kind: 'code', text: 'three' },
      ],
    })
    expect(found[2]).toMatchObject({ kind: 'list', start: 1 })
    expect(found[3]).toEqual({ kind: 'code', language: 'ts', text: 'let x' })
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick="x()">b</b> c',
    '<iframe srcdoc="<script>x</script>"></iframe>',
  ])('shows HTML as the text it is: %s', (html) => {
    const shown = markdownBlocks(html).flatMap((block) => (block.kind === 'paragraph' ? block.children : []))
    expect(shown.map(inlineText).join('')).toBe(html)
  })

  it('shows where a link leads instead of leading there', () => {
    expect(only('[your bank](https://evil.example/)')).toEqual({
      kind: 'paragraph',
      children: [{ kind: 'link', children: [{ kind: 'text', text: 'your bank' }], address: 'https://evil.example/' }],
    })
    expect(only('[x](javascript:alert(1))')).toMatchObject({ children: [{ address: 'javascript:alert(1)' }] })
    expect(only('https://example.com')).toMatchObject({ children: [{ kind: 'link', address: undefined }] })
  })

  it('loads no image, but tells what it is and where', () => {
    expect(only('![a chart](https://evil.example/?q=secret)')).toEqual({
      kind: 'paragraph',
      children: [
        { kind: 'link', children: [{ kind: 'text', text: 'a chart' }], address: 'https://evil.example/?q=secret' },
      ],
    })
  })

  it('can be shown while it is still being written', () => {
    expect(only('```py\nprint(')).toEqual({ kind: 'code', language: 'py', text: 'print(' })
    expect(only('**not yet')).toMatchObject({ kind: 'paragraph' })
  })

  it('keeps its line breaks', () => {
    expect(only('one\ntwo')).toMatchObject({ children: [{ text: 'one' }, { kind: 'break' }, { text: 'two' }] })
  })

  it('may be nested or long beyond reason', () => {
    expect(markdownBlocks('>'.repeat(20_000)).length).toBeGreaterThan(0)
    expect(markdownBlocks('- '.repeat(2000)).length).toBeGreaterThan(0)
    const long = 'x'.repeat(200_000)
    expect(only(long)).toEqual({ kind: 'paragraph', children: [{ kind: 'text', text: long }] })
  })

  it('never makes it fail', () => {
    const pieces = fc.constantFrom(
      '*',
      '_',
      '`',
      '```',
      '\n',
      '\n\n',
      '# ',
      '> ',
      '- ',
      '1. ',
      '|',
      '[',
      '](',
      ')',
      '<a>',
      'x',
      '  ',
      '~~',
      '\\',
      '![',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        expect(Array.isArray(markdownBlocks(parts.join('')))).toBe(true)
      }),
    )
  })
})
