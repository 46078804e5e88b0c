/**
 * The layers of the source tree and what each may import, as one table; ARCHITECTURE.md describes the same. Paths are
 * relative to the repository, without extension.
 *
 * @typedef {object} Layer
 * @property {string} name for messages
 * @property {RegExp} files the files that belong to it; the first layer that matches a file applies
 * @property {readonly RegExp[]} may our files that it may import
 * @property {readonly RegExp[]} [mayTypes] further files of ours that it may import types from
 * @property {RegExp} packages npm packages that it may import
 * @property {boolean} node whether it may import Node's own modules
 */

const CORE = /^src-core\//

/**
 * The folders of the core in order: each may import earlier folders, itself, and the files beside the folders (ids). So
 * there are no cycles between folders.
 */
const CORE_FOLDERS = [
  ...['time', 'errors', 'texts', 'identity', 'suspects', 'catalogue', 'connect', 'consensus'],
  // What is declared and observed, the changes to it, and the resulting state.
  ...['schedules', 'settings', 'state', 'events', 'fold', 'declarations', 'merging'],
  // What is decided.
  ...['rdma', 'topology', 'side-channel', 'placement', 'reconcile', 'commands'],
  // What requests are, and what people are told.
  ...['generation', 'tracing', 'keys', 'power', 'warnings', 'status-lines'],
  // Protocols between programs and machines, and what is based on them.
  ...['protocols', 'activity', 'benchmark', 'doctor', 'plan', 'setup', 'simulation'],
]

/** @param {string} folder */
const upTo = (folder) => CORE_FOLDERS.slice(0, CORE_FOLDERS.indexOf(folder) + 1)
const RENDERER = /^src-renderer\//
/** Which models and adapters the runner supports, and their abilities: data for both sides. */
const RUNNER_TABLES =
  /^native-runner\/src\/muster_runner\/(?:(?:embedding|model|vision)\/architectures|model\/peft_settings)\.json$/
const ANY = /^/
const ANY_BUT_ELECTRON = /^(?!electron($|\/))/

/** @type {readonly Layer[]} */
const FIXED_LAYERS = [
  {
    name: 'a test of src-core',
    files: /^src-core\/(testing\/|.*\.test$)/,
    may: [CORE],
    packages: /^(zod|intl-messageformat|vitest|fast-check)$/,
    node: false,
  },
  { name: 'the Electron entry', files: /^src-main\/electron$/, may: [CORE, /^src-main\//], packages: ANY, node: true },
  {
    name: 'src-main/desktop',
    files: /^src-main\/desktop\//,
    may: [CORE, /^src-main\/(desktop\/|disk\/|node\/index$|version$)/],
    mayTypes: [/^src-main\/logging\//],
    packages: ANY,
    node: true,
  },
  {
    name: 'the composition root, the headless entry and the command line',
    files: /^src-main\/([^/]+$|cli\/|node\/)/,
    may: [CORE, /^src-main\/(?!desktop\/|electron$)/, /^package\.json$/],
    packages: ANY_BUT_ELECTRON,
    node: true,
  },
  {
    name: 'src-main/simulation, which runs what decides over disks and links of its own',
    files: /^src-main\/simulation\//,
    may: [CORE, /^src-main\/(simulation|master|cluster|disk)\//],
    packages: ANY_BUT_ELECTRON,
    node: true,
  },
  {
    name: 'a test of src-preload',
    files: /^src-preload\/.*\.test$/,
    may: [CORE, /^src-preload\//],
    packages: /^(electron|vitest)$/,
    node: false,
  },
  {
    name: 'src-preload',
    files: /^src-preload\//,
    may: [CORE, /^src-preload\//],
    packages: /^electron($|\/)/,
    node: false,
  },
  {
    name: 'a test of src-renderer',
    files: /^src-renderer\/.*\.test$/,
    may: [CORE, RENDERER],
    packages: ANY_BUT_ELECTRON,
    node: true,
  },
  { name: 'src-renderer', files: RENDERER, may: [CORE, RENDERER], packages: ANY_BUT_ELECTRON, node: false },
]

/** Folders that may be imported only through their `index`, or a file of `OTHER_INDEXES`. */
const FOLDERS_WITH_INDEX = [
  ...['consensus', 'fold', 'merging', 'plan', 'rdma', 'reconcile'].map((folder) => `src-core/${folder}/`),
  ...[
    'api',
    'cluster',
    'declaration-files',
    'desktop',
    'master',
    'models',
    'node',
    'power',
    'prompt-cache',
    'serving',
    'system',
    'worker',
  ].map((folder) => `src-main/${folder}/`),
]

/**
 * A second public file of a folder, for the importers that use a part of it which needs far less code than the rest.
 *
 * @type {readonly { importers: RegExp, folder: string, index: string }[]}
 */
const OTHER_INDEXES = [{ importers: /^src-main\/simulation\//, folder: 'src-main/cluster/', index: 'link-layer' }]

/**
 * The index through which a file must be imported; undefined if any import is allowed, as within the same folder.
 *
 * @param {string} target
 * @param {string} importer
 * @returns {string | undefined}
 */
export function indexFor(target, importer) {
  const folder = FOLDERS_WITH_INDEX.find((one) => target.startsWith(one) && !importer.startsWith(one))
  if (folder === undefined || !importer.startsWith('src-')) return undefined
  const other = OTHER_INDEXES.find((one) => one.folder === folder && one.importers.test(importer))
  return `${folder}${other?.index ?? 'index'}`
}

/** Build scripts, tests and benchmarks may import everything. */
const OUTSIDE = { name: 'the tools', files: ANY, may: [ANY], packages: ANY, node: true }

/**
 * @param {string} [folder] undefined for a file beside the folders
 * @returns {Layer}
 */
function layerOfCore(folder) {
  const folders = folder === undefined ? [] : upTo(folder)
  return {
    name: folder === undefined ? 'src-core beside its folders' : `src-core/${folder}`,
    files: CORE,
    may: [new RegExp(`^src-core/(${[...folders.map((one) => `${one}/`), '[^/]+$'].join('|')})`)],
    packages: folder === 'texts' ? /^(zod|intl-messageformat|@schummar\/icu-type-parser)$/ : /^zod$/,
    node: false,
  }
}

/**
 * Finds the layer of a file. Each folder of src-main is a part that may import itself, the core, and file writing
 * (disk). What it needs from another part it declares as an interface, which node/node.ts implements.
 *
 * @param {string} file
 * @returns {Layer}
 */
export function layerOf(file) {
  const fixed = FIXED_LAYERS.find((layer) => layer.files.test(file))
  if (fixed) return fixed
  const folder = /^src-core\/(?:([^/]+)\/)?/.exec(file)
  if (folder) return layerOfCore(folder[1])
  const part = /^src-main\/([^/]+)\//.exec(file)?.[1]
  if (part === undefined) return OUTSIDE
  return {
    name: `src-main/${part}`,
    files: new RegExp(`^src-main/${part}/`),
    may: [CORE, new RegExp(`^src-main/(${part}/|disk/|version$)`), RUNNER_TABLES],
    mayTypes: [/^src-main\/logging\//],
    packages: ANY_BUT_ELECTRON,
    node: true,
  }
}
