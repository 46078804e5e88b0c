/** Attributes whose values people read or hear. */
const READ = new Set([
  ...['title', 'alt', 'placeholder', 'aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext'],
  ...['label', 'summary', 'lead', 'what', 'of'],
])

/** Text in a language; a single letter is a sign (`×`, `A`). */
const WORD = /\p{L}{2,}/u

/** Two words at the start of a sentence, or a typographic apostrophe. */
const SENTENCE = /^\p{Lu}\p{L}*[,:]? \p{L}|\p{L}’\p{L}/u

/** The first word of a sentence that continues with a value. */
const OPENING = /^\p{Lu}\p{Ll}+ $/u

/** Outside of markup a string counts as text for people if it looks like a sentence. */
const isSentence = (/** @type {string} */ text) => SENTENCE.test(text.trim())

/** Whether the text is for engineers: in a thrown error, on the console, in an HTTP response. */
const isForEngineers = (/** @type {any} */ node) => {
  for (let one = node.parent; one; one = one.parent) {
    if (one.type === 'NewExpression') return /(Error|Response)$/.test(one.callee.name ?? '')
    if (one.type === 'CallExpression' && one.callee.object?.name === 'console') return true
    if (one.type === 'BlockStatement' || one.type === 'Program') return false
  }
  return false
}

/**
 * Requires texts for people to come from the catalogue in src-core/texts, where they can be translated.
 *
 * @type {import('eslint').Rule.RuleModule}
 */
export const noRawText = {
  meta: {
    type: 'problem',
    schema: [{ type: 'object', properties: { names: { type: 'array', items: { type: 'string' } } } }],
    messages: { raw: 'People read “{{text}}”: put it into src-core/texts, and say it by t().' },
  },
  create(context) {
    /** @type {ReadonlySet<string>} names that are the same in every language */
    const names = new Set(context.options[0]?.names ?? [])
    /** @type {(node: any, text: string) => void} */
    const report = (node, text) => {
      const trimmed = text.trim()
      if (!names.has(trimmed)) context.report({ node, messageId: 'raw', data: { text: trimmed } })
    }
    return {
      /** @param {any} node */
      SvelteText: (node) => {
        if (/^Svelte(Script|Style)Element$/.test(node.parent?.type)) return
        if (WORD.test(node.value)) report(node, node.value)
      },
      /** @param {any} node */
      SvelteAttribute: (node) => {
        if (!READ.has(node.key.name)) return
        for (const part of node.value)
          if (part.type === 'SvelteLiteral' && WORD.test(part.value)) report(part, part.value)
      },
      /** @param {any} node */
      Literal: (node) => {
        if (typeof node.value === 'string' && isSentence(node.value) && !isForEngineers(node)) report(node, node.value)
      },
      /** @param {any} node */
      TemplateElement: (node) => {
        const text = node.value.cooked ?? ''
        if ((isSentence(text) || OPENING.test(text)) && !isForEngineers(node)) report(node, text)
      },
    }
  },
}
