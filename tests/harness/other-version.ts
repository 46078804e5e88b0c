import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cli, required, root } from './paths'

/** Muster as another version, for tests of two versions in one cluster. */
export interface OtherVersion {
  /** Its command line. */
  readonly cli: string
  /** The version that it reports. */
  readonly version: string
  /** For the names of tests. */
  readonly title: string
}

export const versionOf = (of: string): string =>
  execFileSync(process.execPath, [of, '--version'], { encoding: 'utf8' }).trim()

/** A checkout of the last release with its build, if there is one (docs/upgrades.md). */
const release = process.env['MUSTER_LAST_RELEASE'] ?? join(root, '.cache', 'last-release')

const RENUMBERED = '0.0.1'

/** Copies this build and its runner, and changes the version that package.json put into the bundle. */
const renumbered = (folder: string): OtherVersion => {
  const from = join(required(cli, 'run `npm run build`'), '..')
  const to = join(folder, 'out', 'main')
  mkdirSync(to, { recursive: true })
  cpSync(from, to, { recursive: true })
  cpSync(join(root, 'native-runner', 'src'), join(folder, 'native-runner', 'src'), { recursive: true })
  // The bundle requires its native packages from there.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const chunks = join(to, 'chunks')
  const [chunk, ...more] = readdirSync(chunks).filter((name) => /^version-.*\.cjs$/.test(name))
  if (chunk === undefined || more.length > 0) throw new Error('no single chunk holds the version')
  const text = readFileSync(join(chunks, chunk), 'utf8')
  writeFileSync(join(chunks, chunk), text.replace(/(\bversion: )"[^"]+"/, `$1"${RENUMBERED}"`))
  const copy = join(to, 'cli.cjs')
  if (versionOf(copy) !== RENUMBERED) throw new Error(`the copy is still ${versionOf(copy)}`)
  return { cli: copy, version: RENUMBERED, title: 'this build with another version number' }
}

/** The last release's build; without one, a copy of this build under another number, which the caller removes. */
export const otherVersion = (folder: string): OtherVersion => {
  const built = join(release, 'out', 'main', 'cli.cjs')
  if (!existsSync(built)) return renumbered(folder)
  const version = versionOf(built)
  return { cli: built, version, title: `the last release, ${version}` }
}
