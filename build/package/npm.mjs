/**
 * `npm run package:npm`: makes a package of the command line for `npm i -g`, in `dist/npm`. It contains everything that
 * the app has except Electron. Everything is bundled but node-pty, which is compiled at installation and may be
 * missing.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runInForeground } from '../set-up/foreground.mjs'
import { root, runner } from '../set-up/places.mjs'

const made = path.join(root, 'dist', 'npm')
const staged = path.join(made, 'package')
const IN_MANIFEST = ['name', 'version', 'description', 'license', 'author', 'engines', 'optionalDependencies']
/** The script that shells run: the bundle has no interpreter line. */
const PROGRAM = path.join('bin', 'muster.cjs')
const RUNNER = [
  'requirements.txt',
  'requirements-cuda12.txt',
  'requirements-cuda13.txt',
  'starter-model.txt',
  path.join('src', 'muster_runner'),
]

const isSource = (/** @type {string} */ file) => !/(?:__pycache__|\.pyc)$/.test(file)

// Also the package of another version: what reads this folder takes the one that it finds.
await rm(made, { recursive: true, force: true })
await mkdir(staged, { recursive: true })
const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
const kept = Object.fromEntries(IN_MANIFEST.map((name) => [name, manifest[name]]))
await writeFile(
  path.join(staged, 'package.json'),
  `${JSON.stringify({ ...kept, bin: { muster: PROGRAM } }, undefined, 2)}\n`,
)
await mkdir(path.join(staged, 'bin'))
await writeFile(path.join(staged, PROGRAM), "#!/usr/bin/env node\nrequire('../out/main/cli.cjs')\n", { mode: 0o755 })
for (const name of ['README.md', 'LICENSE']) await cp(path.join(root, name), path.join(staged, name))
for (const folder of ['main', 'renderer'])
  await cp(path.join(root, 'out', folder), path.join(staged, 'out', folder), { recursive: true })
// The app's own entry needs Electron.
await rm(path.join(staged, 'out', 'main', 'electron.cjs'), { force: true })
for (const name of RUNNER) {
  const to = path.join(staged, 'native-runner', name)
  await mkdir(path.dirname(to), { recursive: true })
  await cp(path.join(runner, name), to, { recursive: true, filter: isSource })
}
const packed = await runInForeground('npm', ['pack', staged, '--pack-destination', made], {
  env: process.env,
})
process.exitCode = packed.code
