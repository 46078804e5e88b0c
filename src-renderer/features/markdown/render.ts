import DOMPurify, { type Config } from 'dompurify'
import hljs from 'highlight.js/lib/common'
import katex from 'katex'
import { Marked, type TokenizerAndRendererExtension, type Token, type Tokens } from 'marked'
import markedKatex from 'marked-katex-extension'
import { t } from '../../state/texts.svelte'

/**
 * Renders untrusted model output. HTML is shown as text, images are named but not loaded, links lead only to web pages,
 * and the result passes DOMPurify with an allow-list. Maths becomes MathML, because the page's policy forbids the
 * inline styles of KaTeX's HTML. Large, so it is loaded with the first answer.
 */

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Longer code is not highlighted, because it is highlighted again with each token. */
const MOST_COLOURED = 20_000

const coloured = (text: string, language: string): string =>
  text.length <= MOST_COLOURED && hljs.getLanguage(language)
    ? hljs.highlight(text, { language, ignoreIllegals: true }).value
    : escaped(text)

/** The URL of a link that may be opened: web pages only. */
const webAddress = (href: string): URL | undefined => {
  try {
    const url = new URL(href)
    return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '' ? url : undefined
  } catch {
    return undefined
  }
}

const address = (text: string): string => ` <code class="address">${escaped(text)}</code>`

const linkHtml = (text: string, { href, text: shown }: Tokens.Link): string => {
  const url = webAddress(href)
  if (!url) return `<u>${text}</u>${shown === href ? '' : address(href)}`
  // Show the host if the link's text does not equal its address, to prevent deception.
  const beside = shown === href ? '' : address(url.host)
  return `<a href="${escaped(url.href)}" target="_blank" rel="noopener noreferrer">${text}</a>${beside}`
}

/**
 * A formula as MathML, or its source if it is not valid TeX. The inline styles that KaTeX gives coloured frames and
 * errors are removed, because the page's policy reports each one as soon as the sanitiser parses it. KaTeX writes every
 * attribute in double quotes and escapes double quotes in values.
 */
const mathsHtml = (source: string, displayMode: boolean): string => {
  try {
    const html = katex.renderToString(source, { displayMode, output: 'mathml', throwOnError: true })
    return html.replaceAll(/ style="[^"]*"/g, '')
  } catch {
    return `<code>${escaped(source)}</code>`
  }
}

/** The dollar extension's tokens, rendered by the rule above. */
const mathsRenderers = (['inlineKatex', 'blockKatex'] as const).map((name): TokenizerAndRendererExtension => ({
  name,
  renderer: (token) => {
    const { text, displayMode } = token
    return mathsHtml(String(text), displayMode === true)
  },
}))

const MATHS = [
  { name: 'blockKatex', open: '\\[', pattern: /^\\\[([^]+?)\\\]/, displayMode: true },
  { name: 'inlineKatex', open: '\\(', pattern: /^\\\(([^]+?)\\\)/, displayMode: false },
] as const

/** `\(…\)` and `\[…\]`, which models write as often as dollar signs. Produces the tokens of the dollar extension. */
const bracketMaths = MATHS.map(({ name, open, pattern, displayMode }): TokenizerAndRendererExtension => ({
  name: `${name}Brackets`,
  level: 'inline',
  start: (source: string) => {
    const at = source.indexOf(open)
    return at < 0 ? undefined : at
  },
  tokenizer: (source: string) => {
    const [raw, text] = pattern.exec(source) ?? []
    return raw === undefined || text === undefined ? undefined : { type: name, raw, text: text.trim(), displayMode }
  },
}))

const marked = new Marked(
  { gfm: true },
  markedKatex({ nonStandard: true }),
  { extensions: [...bracketMaths, ...mathsRenderers] },
  {
    renderer: {
      html: ({ text }) => escaped(text),
      image: ({ href, text }) => `${escaped(text || t('chat.picture'))}${address(href)}`,
      link(token) {
        return linkHtml(this.parser.parseInline(token.tokens), token)
      },
      // Headings of an answer must not be headings of the page.
      heading({ tokens, depth }) {
        return `<p class="heading${depth < 3 ? ' large' : ''}">${this.parser.parseInline(tokens)}</p>`
      },
      checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
      code: ({ text, lang = '' }) => {
        const language = /^[\w+#.-]*/.exec(lang)?.[0] ?? ''
        const bar = `<div class="bar"><span>${escaped(language)}</span><button type="button" class="copy">${escaped(t('chat.copyCode'))}</button></div>`
        return `<div class="code">${bar}<pre tabindex="0"><code>${coloured(text, language)}</code></pre></div>`
      },
      table(token) {
        const cells = (row: readonly Tokens.TableCell[]): string =>
          row
            .map(({ header, align, tokens }) => {
              const tag = header ? 'th' : 'td'
              return `<${tag}${align ? ` align="${align}"` : ''}>${this.parser.parseInline(tokens)}</${tag}>`
            })
            .join('')
        const rows = token.rows.map((row) => `<tr>${cells(row)}</tr>`).join('')
        const table = `<table><thead><tr>${cells(token.header)}</tr></thead><tbody>${rows}</tbody></table>`
        return `<div class="table" tabindex="0" role="group" aria-label="${escaped(t('chat.table'))}">${table}</div>`
      },
    },
  },
)

/** Longer text is shown unformatted: parsing it for each token would take too long. */
const MOST_LENGTH = 100_000

const plain = (text: string): string => `<p class="plain">${escaped(text)}</p>`

/**
 * Renders Markdown to HTML block by block. While an answer grows only its last block changes; the others are reused, so
 * selection and scrolling are kept. Not sanitised yet.
 */
export class Blocks {
  private known = new Map<string, string>()

  of(text: string): readonly string[] {
    if (text.length > MOST_LENGTH) return [plain(text)]
    try {
      const tokens = marked.lexer(text)
      const used = new Map<string, string>()
      const blocks = tokens
        .filter(({ type }) => type !== 'space' && type !== 'def')
        .map((token) => {
          const html = this.known.get(token.raw) ?? parsed(token)
          used.set(token.raw, html)
          return html
        })
      this.known = used
      return blocks
    } catch {
      // Nesting exceeded the call stack.
      return [plain(text)]
    }
  }
}

const parsed = (token: Token): string => marked.parser([token])

const HTML_TAGS = 'p div span br hr strong em del u code pre blockquote ul ol li table thead tbody tr th td a button'
const MATH_TAGS =
  'math mrow mi mo mn ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mstyle mpadded mphantom menclose'
const ATTRIBUTES =
  'class href target rel start align tabindex role aria-label type display mathvariant stretchy fence separator accent accentunder columnalign columnspacing rowspacing scriptlevel displaystyle lspace rspace minsize maxsize width height depth voffset linethickness movablelimits symmetric notation'

const PURIFIED: Config = {
  ALLOWED_TAGS: [...HTML_TAGS.split(' '), ...MATH_TAGS.split(' ')],
  ALLOWED_ATTR: ATTRIBUTES.split(' '),
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // The TeX source that KaTeX adds to a formula.
  FORBID_CONTENTS: ['annotation', 'script', 'style', 'template'],
}

/** Sanitises HTML with the allow-list. */
export const purified = (html: string): DocumentFragment =>
  DOMPurify.sanitize(html, { ...PURIFIED, RETURN_DOM_FRAGMENT: true })
