import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { exists } from '../set-up/files.mjs'
import { root, runner } from '../set-up/places.mjs'
import { SetUpProblem } from '../set-up/problem.mjs'
import { uv } from './uv.mjs'

/**
 * The files to package are copied here first. The repository itself is never packaged, because it contains much that is
 * not part of the app.
 */
export const staging = path.join(root, 'dist', 'staging')

/** The app's files, laid out as in its archive. */
export const stagedApp = path.join(staging, 'app')

/** The files beside the archive: programs and sources that other programs read. */
export const stagedResources = path.join(staging, 'resources')

/** The file that a Debian package installs as /usr/bin/muster. */
export const debCommand = path.join(staging, 'deb', 'muster')

/** The files that node-pty needs at run time; the rest of its package is for compiling it. */
const NODE_PTY = ['LICENSE', 'lib', 'build/Release', `prebuilds/${process.platform}-${process.arch}`]

const IN_MANIFEST = ['name', 'productName', 'version', 'description', 'license', 'author', 'private', 'main']

/**
 * Lays out the built app for electron-builder. Everything but node-pty is bundled into `out`, so that is the staged
 * manifest's one dependency. Without any, electron-builder would look for some in the folders above.
 *
 * @returns {Promise<{ version: string }>}
 */
export async function stage() {
  await rm(staging, { recursive: true, force: true })
  await mkdir(stagedApp, { recursive: true })
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  const version = process.env['MUSTER_PACKAGE_VERSION'] || manifest.version
  const kept = Object.fromEntries(IN_MANIFEST.map((name) => [name, manifest[name]]))
  const staged = { ...kept, version, dependencies: { 'node-pty': await stageNodePty() } }
  await writeFile(path.join(stagedApp, 'package.json'), json(staged))
  await cp(path.join(root, 'out'), path.join(stagedApp, 'out'), { recursive: true })
  await rm(path.join(stagedApp, 'out', 'built'), { force: true })
  await cp(path.join(root, 'LICENSE'), path.join(stagedApp, 'LICENSE'))
  await stageResources()
  return { version }
}

/** @param {unknown} value */
const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`

/** @returns {Promise<string>} its version */
async function stageNodePty() {
  const from = path.join(root, 'node_modules', 'node-pty')
  const to = path.join(stagedApp, 'node_modules', 'node-pty')
  if (!(await exists(from)))
    throw new SetUpProblem({
      message: 'node-pty is missing, without which an installed app has no consoles',
      hint: 'It is compiled when packages are installed: install make, g++ and python3 (Xcode’s command line tools on a Mac), delete node_modules and run the same command again.',
    })
  for (const name of NODE_PTY) {
    if (!(await exists(path.join(from, name)))) continue
    await mkdir(path.dirname(path.join(to, name)), { recursive: true })
    await cp(path.join(from, name), path.join(to, name), {
      recursive: true,
      filter: (file) => !/\.(?:map|test\.js|pdb)$/.test(file),
    })
  }
  // Its dependencies are headers for compiling it.
  const {
    dependencies: _headers,
    scripts: _scripts,
    devDependencies: _tools,
    ...manifest
  } = JSON.parse(await readFile(path.join(from, 'package.json'), 'utf8'))
  await writeFile(path.join(to, 'package.json'), json(manifest))
  return manifest.version
}

async function stageResources() {
  const to = path.join(stagedResources, 'native-runner')
  await mkdir(to, { recursive: true })
  await cp(path.join(runner, 'src'), path.join(to, 'src'), {
    recursive: true,
    filter: (file) => !/(?:__pycache__|\.egg-info|\.pyc)$/.test(file),
  })
  for (const name of ['requirements.txt', 'requirements-cuda12.txt', 'requirements-cuda13.txt', 'starter-model.txt']) {
    const from = path.join(runner, name)
    if (await exists(from)) await cp(from, path.join(to, name))
  }
  await mkdir(path.join(stagedResources, 'bin'), { recursive: true })
  await cp(uv, path.join(stagedResources, 'bin', 'uv'))
  await cp(path.join(root, 'build', 'package', 'launcher', 'muster'), path.join(stagedResources, 'bin', 'muster'))
  await stageDebCommand()
}

/** A Debian package puts the command on the PATH. */
async function stageDebCommand() {
  await mkdir(path.dirname(debCommand), { recursive: true })
  await writeFile(debCommand, '#!/bin/sh\nexec /opt/Muster/resources/bin/muster "$@"\n')
  await chmod(debCommand, 0o755)
}
