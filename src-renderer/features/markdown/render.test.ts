import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Blocks } from './render'

const htmlOf = (text: string): string => new Blocks().of(text).join('\n')

describe('rendered model output', () => {
  it('has blocks: paragraphs, lists, code with a copy button, tables', () => {
    const blocks = new Blocks().of(
      '# Title\n\nOne **two** `three`\n\n1. a\n2. b\n\n```ts\nlet x = 1\n```\n\n| a | b |\n|-|-:|\n| 1 | 2 |',
    )
    expect(blocks).toHaveLength(5)
    expect(blocks[0]).toBe('<p class="heading large">Title</p>')
    expect(blocks[1]).toContain('<strong>two</strong> <code>three</code>')
    expect(blocks[3]).toMatch(/class="copy">Copy<.*hljs-keyword">let</)
    expect(blocks[4]).toContain('<td align="right">2</td>')
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick="x()">b</b> c',
    '<iframe srcdoc="<script>x</script>"></iframe>',
    '<style>body{display:none}</style>',
  ])('shows HTML as text: %s', (html) => {
    expect(htmlOf(html)).not.toMatch(/<(script|img|b|iframe|style)[\s>]/)
    expect(htmlOf(html)).toContain('&lt;')
  })

  it('has no elements but its own, whatever the model writes', () => {
    const known =
      /^\/?(p|div|span|br|hr|strong|em|del|u|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|a|button|math|m[a-z]+|semantics|annotation)$/
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '`',
      '*',
      '[',
      '](',
      ')',
      '!',
      '$',
      '\\(',
      '\\)',
      '<img ',
      'onload=',
      'javascript:',
      '\n',
      '|',
      '- ',
      'x',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const tags = [...htmlOf(pieces.join('')).matchAll(/<([^\s>]+)/g)].map(([, tag]) => tag ?? '')
        expect(tags.filter((tag) => !known.test(tag))).toEqual([])
      }),
    )
  })

  it('loads no pictures, and links only to the web, with the address', () => {
    expect(htmlOf('![a cat](https://example.com/cat.png)')).toBe(
      '<p>a cat <code class="address">https://example.com/cat.png</code></p>\n',
    )
    expect(htmlOf('[here](https://example.com/x)')).toContain(
      '<a href="https://example.com/x" target="_blank" rel="noopener noreferrer">here</a> <code class="address">example.com</code>',
    )
    for (const href of ['javascript:alert(1)', 'file:///etc/passwd', 'https://user:pw@example.com'])
      expect(htmlOf(`[here](${href})`)).not.toContain('<a')
  })

  it.each(['$x^2$', String.raw`\(x^2\)`, '$$\nx^2\n$$', String.raw`\[x^2\]`])('has maths as MathML: %s', (maths) => {
    const html = htmlOf(maths)
    expect(html).toContain('<msup><mi>x</mi><mn>2</mn></msup>')
    expect(html).not.toContain('style=')
  })

  it('shows invalid maths as its source', () => {
    expect(htmlOf(String.raw`It costs $5 and \(\frac{1}\).`)).toContain(String.raw`<code>\frac{1}</code>`)
  })

  it.each([
    String.raw`\fcolorbox{red}{blue}{x}`,
    String.raw`\colorbox{red}{x} \boxed{x} \cancel{x}`,
    String.raw`\frac{1}`,
    String.raw`\nothing{x}`,
    String.raw`\text{ style="color:red" }`,
  ])('has no inline style, which the page’s policy would report, even before sanitising: %s', (maths) => {
    const html = new Blocks().of(`$${maths}$ and\n\n$$\n${maths}\n$$`).join('')
    expect(html).not.toMatch(/<[^>]* style=/)
  })

  it('keeps unchanged blocks while an answer grows', () => {
    const blocks = new Blocks()
    const before = blocks.of('One\n\nTwo')
    const after = blocks.of('One\n\nTwo and more\n\nThree')
    expect(after[0]).toBe(before[0])
    expect(after).toHaveLength(3)
  })

  it('survives endless nesting and very long text', () => {
    expect(htmlOf('> '.repeat(20_000) + 'x')).toContain('x')
    expect(new Blocks().of('x\n\n'.repeat(60_000))).toHaveLength(1)
  })
})
