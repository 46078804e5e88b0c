/**
 * The rooms of the house and what each may import, as one table; ARCHITECTURE.md draws the same picture.
 * Paths are relative to the repository and carry no extension.
 *
 * @typedef {object} Layer
 * @property {string} name as a message says it
 * @property {RegExp} files which files belong to it; the first layer that matches a file is its layer
 * @property {readonly RegExp[]} may which of our files it may import
 * @property {readonly RegExp[]} [mayTypes] which of our files it may import types from, beside those
 * @property {RegExp} packages which npm packages it may import
 * @property {boolean} node whether it may import Node's own modules
 */

const CORE = /^src-core\//

/**
 * The rooms of the core in their order: each may import those before it, itself, and the files beside the rooms (ids).
 * So no two of them ever need each other.
 */
const CORE_ROOMS = [
  ...['time', 'errors', 'texts', 'identity', 'suspects', 'catalogue', 'connect'],
  // What is declared and observed, what changes it, and what it is afterwards.
  ...['schedules', 'settings', 'state', 'events', 'fold', 'declarations', 'merging'],
  // What is decided.
  ...['rdma', 'topology', 'side-channel', 'placement', 'reconcile', 'commands', 'consensus'],
  // What requests are, and what people are told.
  ...['generation', 'tracing', 'keys', 'power', 'warnings'],
  // What is said between programs and machines, and what rests on it.
  ...['protocols', 'activity', 'benchmark', 'doctor', 'plan', 'setup', 'simulation'],
]

/** @param {string} room */
const upTo = (room) => CORE_ROOMS.slice(0, CORE_ROOMS.indexOf(room) + 1)
const RENDERER = /^src-renderer\//
/** Which models the runner can run, and what they can do: data for both sides. */
const ARCHITECTURES = /^native-runner\/src\/muster_runner\/(?:(?:embedding|vision)\/)?architectures\.json$/
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
    may: [CORE, /^src-main\/(desktop\/|disk\/|node$|version$)/],
    mayTypes: [/^src-main\/logging\//],
    packages: ANY,
    node: true,
  },
  {
    name: 'the composition root, the headless entry and the command line',
    files: /^src-main\/([^/]+$|cli\/)/,
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

/** Rooms that say in their `index` what others may know of them. */
const ROOMS_WITH_A_DOOR = ['src-core/consensus/', 'src-core/merging/', 'src-main/master/']

/**
 * The door of the room that a file is in; undefined where it has none, and for whoever is in the same room.
 *
 * @param {string} target
 * @param {string} importer
 * @returns {string | undefined}
 */
export function doorTo(target, importer) {
  const room = ROOMS_WITH_A_DOOR.find((one) => target.startsWith(one) && !importer.startsWith(one))
  return room === undefined || !importer.startsWith('src-') ? undefined : `${room}index`
}

/** What builds, tests and measures may import everything. */
const OUTSIDE = { name: 'the tools', files: ANY, may: [ANY], packages: ANY, node: true }

/**
 * @param {string} [room] undefined for a file beside the rooms
 * @returns {Layer}
 */
function coreLayer(room) {
  const rooms = room === undefined ? [] : upTo(room)
  return {
    name: room === undefined ? 'src-core beside its rooms' : `src-core/${room}`,
    files: CORE,
    may: [new RegExp(`^src-core/(${[...rooms.map((one) => `${one}/`), '[^/]+$'].join('|')})`)],
    packages: room === 'texts' ? /^(zod|intl-messageformat|@schummar\/icu-type-parser)$/ : /^zod$/,
    node: false,
  }
}

/**
 * The layer of a file. Each folder of src-main is a part, which knows itself, the core, and how files are
 * written (disk); what it needs of another part is given to it by node.ts through an interface of its own.
 *
 * @param {string} file
 * @returns {Layer}
 */
export function layerOf(file) {
  const fixed = FIXED_LAYERS.find((layer) => layer.files.test(file))
  if (fixed) return fixed
  const room = /^src-core\/(?:([^/]+)\/)?/.exec(file)
  if (room) return coreLayer(room[1])
  const part = /^src-main\/([^/]+)\//.exec(file)?.[1]
  if (part === undefined) return OUTSIDE
  return {
    name: `src-main/${part}`,
    files: new RegExp(`^src-main/${part}/`),
    may: [CORE, new RegExp(`^src-main/(${part}/|disk/|version$)`), ARCHITECTURES],
    mayTypes: [/^src-main\/logging\//],
    packages: ANY_BUT_ELECTRON,
    node: true,
  }
}
