import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

/**
 * `display: contents;` as `style:display="contents"`.
 *
 * @param {string} css
 */
const directives = (css) =>
  css
    .split(';')
    .map((rule) => rule.split(':').map((part) => part.trim()))
    .filter(([name, value]) => name && value)
    .map(([name, value]) => `style:${name}="${value}"`)
    .join(' ')

/**
 * The page's policy (`style-src 'self'`) forbids style attributes in markup, but not properties that are set by code:
 * fixed style attributes in components of libraries become style directives.
 *
 * @type {import('svelte/compiler').PreprocessorGroup}
 */
const styleDirectives = {
  name: 'style-directives',
  markup: ({ content, filename = '' }) =>
    filename.includes('node_modules')
      ? {
          code: content.replace(
            /(<[a-z][^<>]*?\s)style="([^"{}]*)"/g,
            (_, before, css) => `${before}${directives(css)}`,
          ),
        }
      : undefined,
}

export default { preprocess: [styleDirectives, vitePreprocess()] }
