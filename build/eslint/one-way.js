import { isBuiltin } from 'node:module'
import path from 'node:path'
import { indexFor, layerOf } from './layers.js'

/** @type {Readonly<Record<string, string>>} */
const ALIASES = { '@core/': 'src-core/', '@main/': 'src-main/', '@renderer/': 'src-renderer/' }

/**
 * Resolves an import: to one of our files (as a path without extension), a Node module, or a package.
 *
 * @param {string} specifier
 * @param {string} file the importing file, relative to the repository
 * @returns {{ kind: 'ours' | 'node' | 'package', name: string }}
 */
function resolve(specifier, file) {
  const alias = Object.keys(ALIASES).find((prefix) => specifier.startsWith(prefix))
  if (alias !== undefined)
    return { kind: 'ours', name: withoutExtension(ALIASES[alias] + specifier.slice(alias.length)) }
  if (specifier.startsWith('.')) {
    return { kind: 'ours', name: withoutExtension(path.posix.join(path.posix.dirname(file), specifier)) }
  }
  return isBuiltin(specifier) ? { kind: 'node', name: specifier } : { kind: 'package', name: specifier }
}

/** @param {string} file */
const withoutExtension = (file) => file.replace(/\?.*$/, '').replace(/(\.svelte)?\.(ts|tsx|js|mjs|svelte)$/, '')

/** @param {string} file */
const topFolder = (file) => file.slice(0, file.indexOf('/') + 1)

/**
 * Keeps imports to the directions that `layers.js` allows.
 *
 * @type {import('eslint').Rule.RuleModule}
 */
export const oneWay = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      layer: '{{layer}} must not import {{target}}. Declare an interface for it, which the composition root passes in.',
      typesOnly: '{{layer}} may import only types from {{target}}: write `import type`.',
      index: '{{target}} is internal to its folder: import from {{index}}.',
      alias: 'Import across top-level folders through an alias (@core/, @main/, @renderer/), not {{specifier}}.',
    },
  },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/')
    const importer = withoutExtension(file)
    const layer = layerOf(importer)

    /** @type {(node: import('estree').Node, specifier: unknown, kind: 'value' | 'type') => void} */
    const check = (node, specifier, kind) => {
      if (typeof specifier !== 'string') return
      const target = resolve(specifier, file)
      const data = { layer: layer.name, target: target.name, specifier }
      if (target.kind === 'node' && !layer.node) context.report({ node, messageId: 'layer', data })
      if (target.kind === 'package' && !layer.packages.test(target.name))
        context.report({ node, messageId: 'layer', data })
      if (target.kind !== 'ours') return
      const crosses = topFolder(target.name) !== topFolder(importer) && topFolder(target.name).startsWith('src-')
      if (specifier.startsWith('.') && crosses) context.report({ node, messageId: 'alias', data })
      const index = indexFor(target.name, importer)
      if (index !== undefined && index !== target.name)
        context.report({ node, messageId: 'index', data: { ...data, index } })
      if (layer.may.some((pattern) => pattern.test(target.name))) return
      if (!layer.mayTypes?.some((pattern) => pattern.test(target.name)))
        context.report({ node, messageId: 'layer', data })
      else if (kind === 'value') context.report({ node, messageId: 'typesOnly', data })
    }

    /** @type {(node: any) => void} */
    const declaration = (node) => {
      if (!node.source) return
      check(node, node.source.value, (node.importKind ?? node.exportKind) === 'type' ? 'type' : 'value')
    }
    return {
      ImportDeclaration: declaration,
      ExportNamedDeclaration: declaration,
      ExportAllDeclaration: declaration,
      ImportExpression: (node) => check(node, node.source.type === 'Literal' ? node.source.value : undefined, 'value'),
      /** @param {any} node */
      TSImportType: (node) => check(node, (node.source ?? node.argument.literal).value, 'type'),
      "CallExpression[callee.name='require'][arguments.0.type='Literal']": (/** @type {any} */ node) =>
        check(node, node.arguments[0].value, 'value'),
    }
  },
}
