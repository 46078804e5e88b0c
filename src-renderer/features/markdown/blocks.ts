import { Lexer, type MarkedToken, type Token, type Tokens } from 'marked'

/**
 * What a model wrote, as a tree of plain data. It is rendered by components, never as HTML: so whatever
 * the text contains, it can only become elements that are named here. Links and images become text that
 * shows their address, since a model's output must neither load nor open anything.
 */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'strong' | 'emphasis' | 'deleted'; readonly children: readonly Inline[] }
  /** `address` is absent where the text is the address. */
  | { readonly kind: 'link'; readonly children: readonly Inline[]; readonly address: string | undefined }

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly children: readonly Block[] }
  | { readonly kind: 'list'; readonly start: number | undefined; readonly items: readonly (readonly Block[])[] }
  | {
      readonly kind: 'table'
      readonly head: readonly (readonly Inline[])[]
      readonly rows: readonly (readonly (readonly Inline[])[])[]
    }
  | { readonly kind: 'rule' }

/** Nothing a person reads is nested deeper; what is would only exhaust the stack. */
const MAX_DEPTH = 20
/** Longer text is shown as it is: taking it apart anew for each token would take too long. */
const MAX_LENGTH = 100_000

const text = (value: string): Inline => ({ kind: 'text', text: value })

const inlines = (tokens: readonly Token[] | undefined, depth: number): Inline[] =>
  depth > MAX_DEPTH
    ? [text((tokens ?? []).map(({ raw }) => raw).join(''))]
    : (tokens ?? []).flatMap((token) => inline(token, depth))

const link = (children: readonly Inline[], address: string, shown: string): Inline => ({
  kind: 'link',
  children,
  address: shown === address || `mailto:${shown}` === address ? undefined : address,
})

const inline = (generic: Token, depth: number): Inline[] => {
  const token = generic as MarkedToken
  switch (token.type) {
    case 'strong':
      return [{ kind: 'strong', children: inlines(token.tokens, depth + 1) }]
    case 'em':
      return [{ kind: 'emphasis', children: inlines(token.tokens, depth + 1) }]
    case 'del':
      return [{ kind: 'deleted', children: inlines(token.tokens, depth + 1) }]
    case 'codespan':
      return [{ kind: 'code', text: token.text }]
    case 'br':
      return [{ kind: 'break' }]
    case 'link':
      return [link(inlines(token.tokens, depth + 1), token.href, token.text)]
    case 'image':
      return [link([text(token.text === '' ? 'Image' : token.text)], token.href, token.text)]
    case 'text':
    case 'escape':
      return 'tokens' in token && token.tokens ? inlines(token.tokens, depth + 1) : [text(token.text)]
    default:
      return [text(token.raw)]
  }
}

const listItem = ({ tokens, task, checked }: Tokens.ListItem, depth: number): Block[] => {
  const content = blocks(tokens, depth)
  return task ? [{ kind: 'paragraph', children: [text(checked ? '☑' : '☐')] }, ...content] : content
}

const blocks = (tokens: readonly Token[], depth: number): Block[] =>
  depth > MAX_DEPTH
    ? [{ kind: 'paragraph', children: [text(tokens.map(({ raw }) => raw).join(''))] }]
    : tokens.flatMap((token) => block(token, depth))

const block = (generic: Token, depth: number): Block[] => {
  const token = generic as MarkedToken
  switch (token.type) {
    case 'space':
    case 'def':
      return []
    case 'heading':
      return [{ kind: 'heading', level: token.depth, children: inlines(token.tokens, depth) }]
    case 'code':
      return [{ kind: 'code', language: token.lang?.split(/\s/)[0] ?? '', text: token.text }]
    case 'blockquote':
      return [{ kind: 'quote', children: blocks(token.tokens, depth + 1) }]
    case 'list': {
      const start = token.ordered ? Number(token.start) : undefined
      return [{ kind: 'list', start, items: token.items.map((item) => listItem(item, depth + 1)) }]
    }
    case 'table':
      return [
        {
          kind: 'table',
          head: token.header.map((cell) => inlines(cell.tokens, depth + 1)),
          rows: token.rows.map((row) => row.map((cell) => inlines(cell.tokens, depth + 1))),
        },
      ]
    case 'hr':
      return [{ kind: 'rule' }]
    case 'paragraph':
    case 'text':
      return [{ kind: 'paragraph', children: token.tokens ? inlines(token.tokens, depth) : [text(token.text)] }]
    default:
      return [{ kind: 'paragraph', children: inline(generic, depth) }]
  }
}

/** Takes Markdown apart. Never fails: what cannot be taken apart is one paragraph. */
export const markdownBlocks = (markdown: string): readonly Block[] => {
  if (markdown.length <= MAX_LENGTH) {
    try {
      return blocks(new Lexer({ gfm: true, breaks: true }).lex(markdown), 0)
    } catch {
      // Nested so deeply that the lexer itself gave up.
    }
  }
  return [{ kind: 'paragraph', children: [text(markdown)] }]
}
