import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { staging } from '../../build/package/staging.mjs'
import { electronBuilder } from '../../build/package/tools.mjs'
import { temporaryFolder } from '../harness/headless-node'
import { noPackage, packageApp, packagedFolder } from '../harness/packaged-app'
import { root } from '../harness/paths'

const isHere = (program: string): boolean => spawnSync('which', [program]).status === 0
/** What of them electron-builder downloads is taken from the system here, or stood in for. */
const noDeb = noPackage ?? (isHere('dpkg-deb') ? undefined : 'dpkg-deb is not here.')
const noAppImage = noPackage ?? (isHere('mksquashfs') && isHere('desktop-file-validate') ? undefined : 'no squashfs.')

let folder: { path: string; dispose(): void }

/** Has electron-builder make an installer of the packaged app, with the configuration of the app; returns its file. */
const make = (target: 'deb' | 'AppImage', env: Readonly<Record<string, string>>): string => {
  const output = join(folder.path, target)
  const config = join(staging, 'electron-builder.json')
  const args = ['--config', config, '--projectDir', staging, '--prepackaged', packagedFolder, '--linux', target]
  const made = spawnSync(process.execPath, [electronBuilder, ...args, `-c.directories.output=${output}`], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (made.status !== 0) throw new Error(`electron-builder made no ${target}:\n${made.stdout}\n${made.stderr}`)
  const file = readdirSync(output).find((name) => name.endsWith(`.${target}`))
  return join(output, file ?? 'nothing')
}

/** Lines of a desktop entry: `Exec` to its value. */
const entryOf = (file: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [name, ...value] = line.split('=')
        return name === undefined || value.length === 0 ? [] : [[name, value.join('=')]]
      }),
  )

beforeAll(() => {
  if (noPackage !== undefined) return
  packageApp()
  folder = temporaryFolder()
}, 600_000)
afterAll(() => folder?.dispose())

describe.skipIf(noDeb !== undefined)('the package for Debian', () => {
  let deb: string
  let files: string

  beforeAll(() => {
    deb = make('deb', { CUSTOM_FPM_PATH: join(root, 'tests', 'harness', 'fpm-stand-in.mjs') })
    files = join(folder.path, 'installed')
    execFileSync('dpkg-deb', ['--extract', deb, files])
  }, 600_000)

  it('says what it is, what it needs, and where its page is', () => {
    const field = (name: string) => execFileSync('dpkg-deb', ['--field', deb, name], { encoding: 'utf8' }).trim()
    expect(field('Package')).toBe('muster')
    expect(field('Homepage')).toMatch(/^https:\/\//)
    expect(field('Depends').split(', ')).toContain('libgtk-3-0')
    expect(field('Recommends')).toBe('libopenblas0-pthread')
    expect(field('Description')).toContain('One local LLM service')
  })

  it('puts the command on the path, and what it starts where the command looks for it', () => {
    const command = join(files, 'usr', 'bin', 'muster')
    expect(statSync(command).mode & 0o777).toBe(0o755)
    const [, started = ''] = /^exec (\S+)/m.exec(readFileSync(command, 'utf8')) ?? []
    expect(statSync(join(files, started)).mode & 0o111).not.toBe(0)
    expect(existsSync(join(files, 'opt', 'Muster', 'resources', 'app.asar'))).toBe(true)
  })

  it('is in the menu of applications, opens Muster’s links, and has its icons', () => {
    const file = join(files, 'usr', 'share', 'applications', 'muster-desktop.desktop')
    const entry = entryOf(file)
    expect(entry).toMatchObject({ Name: 'Muster', MimeType: 'x-scheme-handler/muster;', Icon: 'muster-desktop' })
    const [program = ''] = (entry['Exec'] ?? '').split(' ')
    expect(existsSync(join(files, program))).toBe(true)
    const icons = join(files, 'usr', 'share', 'icons', 'hicolor')
    const sizes = readdirSync(icons)
    expect(sizes).toContain('256x256')
    expect(sizes.filter((size) => !existsSync(join(icons, size, 'apps', 'muster-desktop.png')))).toEqual([])
  })
})

describe.skipIf(noAppImage !== undefined)('the AppImage', () => {
  /** A program in the place of the one that mounts the image. */
  const RUNTIME = '/bin/true'

  /** Laid out as electron-builder unpacks its tools. */
  const systemTools = (): string => {
    const tools = join(folder.path, 'appimage-tools')
    const programs = join(tools, 'linux-x64')
    mkdirSync(programs, { recursive: true })
    mkdirSync(join(tools, 'lib', 'x64'), { recursive: true })
    for (const program of ['mksquashfs', 'desktop-file-validate'])
      copyFileSync(execFileSync('which', [program], { encoding: 'utf8' }).trim(), join(programs, program))
    copyFileSync(RUNTIME, join(tools, 'runtime-x64'))
    return tools
  }

  it('holds the app behind its runtime, and starts it', () => {
    const image = make('AppImage', { APPIMAGE_TOOLS_PATH: systemTools() })
    const files = join(folder.path, 'mounted')
    execFileSync('unsquashfs', [
      '-quiet',
      '-no-progress',
      '-offset',
      String(statSync(RUNTIME).size),
      '-dest',
      files,
      image,
    ])
    const desktop = join(files, 'muster-desktop.desktop')
    execFileSync('desktop-file-validate', [desktop])
    expect(entryOf(desktop)).toMatchObject({ Name: 'Muster', MimeType: 'x-scheme-handler/muster;' })
    const said = execFileSync(join(files, 'resources', 'bin', 'muster'), ['--version'], { encoding: 'utf8' })
    expect(said.trim()).toMatch(/^\d+\.\d+\.\d+/)
  })
})
