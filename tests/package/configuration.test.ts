import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { cask } from '../../build/package/cask.mjs'
import { fuses, packageConfiguration } from '../../build/package/configuration.mjs'
import { tools } from '../../build/package/tools.mjs'
import { root } from '../harness/paths'

const fromTools = createRequire(join(tools, 'package.json'))

interface Validate {
  (value: unknown): boolean
  readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null
}
type Ajv = new (options: object) => { compile(schema: object): Validate }

let compiled: Validate | undefined

/** What electron-builder's own schema says against a configuration. */
const problemsOf = (configuration: object): string[] => {
  const { default: Schemas } = fromTools('ajv') as { default: Ajv }
  const schema = JSON.parse(readFileSync(fromTools.resolve('app-builder-lib/scheme.json'), 'utf8')) as object
  compiled ??= new Schemas({ strict: false, allErrors: true }).compile(schema)
  compiled(JSON.parse(JSON.stringify(configuration)))
  return (compiled.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}

const configured = (env: Readonly<Record<string, string>> = {}, electronVersion = '45.4.1') =>
  packageConfiguration({ electronVersion, electronDist: undefined, output: '/out', env })

const manifest = z
  .object({
    version: z.string(),
    scripts: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))

describe('the configuration of electron-builder', () => {
  it.each([
    ['without secrets', {}],
    ['of a release on GitHub', { GITHUB_REPOSITORY: 'owner/muster' }],
    ['with a feed of its own', { MUSTER_UPDATE_FEED: 'https://example.org/muster' }],
    ['with Apple’s keys', { APPLE_API_KEY: '/k.p8', APPLE_API_KEY_ID: 'id', APPLE_API_ISSUER: 'issuer' }],
  ])('fits its schema %s', (_, env) => {
    expect(problemsOf(configured(env))).toEqual([])
  })

  it('is refused by that schema where it is wrong', () => {
    expect(problemsOf({ ...configured(), mac: { hardenedRuntime: 'yes' } })).not.toEqual([])
  })

  it('names files that exist', () => {
    const { mac, dmg, linux } = configured()
    const named = [mac.entitlements, mac.entitlementsInherit, mac.icon, dmg.background, linux.icon]
    expect(named.filter((file) => !existsSync(file))).toEqual([])
    expect(existsSync(dmg.background.replace('.png', '@2x.png'))).toBe(true)
  })

  it('makes an app that macOS runs hardened, and asks for the local network in words', () => {
    const { mac, protocols } = configured()
    expect(mac).toMatchObject({ hardenedRuntime: true, notarize: false })
    expect(mac.target.map(({ target }) => target)).toEqual(['dmg', 'zip'])
    expect(mac.extendInfo.NSLocalNetworkUsageDescription.length).toBeGreaterThan(40)
    expect(mac.extendInfo.NSBonjourServices).toEqual(['_muster._tcp'])
    expect(protocols).toEqual([{ name: 'Muster', schemes: ['muster'] }])
  })

  it('names a page, which a package for Debian must have: the repository’s in a release', () => {
    const page = (env: Readonly<Record<string, string>>) => configured(env).extraMetadata.homepage
    expect(page({ GITHUB_REPOSITORY: 'owner/muster' })).toBe('https://github.com/owner/muster')
    expect(new URL(page({})).hostname).toMatch(/\.invalid$/)
  })

  it('tells Electron which desktop entry is its own, so that Linux knows its windows and asks it for links', () => {
    const { linux, extraMetadata } = configured()
    expect(extraMetadata.desktopName).toBe(`${linux.executableName}.desktop`)
    expect(linux.syncDesktopName).toBe(true)
  })

  it('announces on macOS what nodes look for', () => {
    const source = readFileSync(join(root, 'src-main', 'cluster', 'discovery.ts'), 'utf8')
    expect(source).toContain(`const SERVICE = 'muster'`)
  })

  it('notarises exactly where all of Apple’s keys are there', () => {
    const keys = { APPLE_API_KEY: '/k.p8', APPLE_API_KEY_ID: 'id', APPLE_API_ISSUER: 'issuer' }
    expect(configured(keys).mac.notarize).toBe(true)
    const { APPLE_API_ISSUER: _left, ...some } = keys
    expect(configured(some).mac.notarize).toBe(false)
  })

  it('brings the command line along: on the path by Debian’s package and by the cask, to be linked elsewhere', () => {
    expect(configured().deb.fpm).toEqual([expect.stringMatching(/\/muster=\/usr\/bin\/muster$/)])
    const text = cask({ version: '1.2.3', sha256: 'abc', repository: 'owner/muster' })
    expect(text).toContain('binary "#{appdir}/Muster.app/Contents/Resources/bin/muster"')
    expect(statSync(join(root, 'build', 'package', 'launcher', 'muster')).mode & 0o111).toBe(0o111)
  })

  it('turns off every way to run other code in the app’s name', () => {
    expect(fuses(45)).toEqual({
      runAsNode: false,
      enableCookieEncryption: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    })
    expect(fuses(25)).not.toHaveProperty('grantFileProtocolExtraPrivileges')
  })
})

/** The rules of `plutil -lint`, by Python's own strict reader; comments between keys are allowed there too. */
const readPlist = (file: string): unknown =>
  JSON.parse(
    execFileSync(
      'python3',
      [
        '-c',
        'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"), fmt=plistlib.FMT_XML)))',
        file,
      ],
      { encoding: 'utf8' },
    ),
  )

it.each(['entitlements.plist', 'entitlements.inherit.plist'])(
  '%s is a property list that allows as little as V8 needs',
  (name) => {
    expect(readPlist(join(root, 'build', 'package', 'mac', name))).toEqual({ 'com.apple.security.cs.allow-jit': true })
  },
)

describe('the release workflow', () => {
  const Step = z.object({
    uses: z.string().optional(),
    run: z.string().optional(),
    env: z.record(z.string(), z.string()).optional(),
  })
  const Workflow = z.object({
    on: z.object({ push: z.object({ tags: z.array(z.string()) }) }),
    permissions: z.object({ contents: z.literal('read') }),
    jobs: z.record(
      z.string(),
      z.object({
        needs: z.string().optional(),
        env: z.record(z.string(), z.string()).optional(),
        steps: z.array(Step).min(1),
      }),
    ),
  })
  const text = readFileSync(join(root, '.github', 'workflows', 'release.yml'), 'utf8')
  const workflow = Workflow.parse(parse(text))

  it('has steps that each use an action or run something, and jobs that need jobs that exist', () => {
    for (const { needs, steps } of Object.values(workflow.jobs)) {
      if (needs !== undefined) expect(workflow.jobs).toHaveProperty(needs)
      for (const { uses, run } of steps) expect([uses, run].filter((one) => one !== undefined)).toHaveLength(1)
    }
  })

  it('runs scripts that package.json has, and files of this repository', () => {
    const runs = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))
    const scripts = runs.flatMap((run) => [...run.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? ''))
    expect(scripts).toContain('package')
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([])
    const files = runs.flatMap((run) => [...run.matchAll(/node (build\/\S+)/g)].map(([, file]) => file ?? ''))
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it('uses no secret that docs/releasing.md does not explain', () => {
    const explained = readFileSync(join(root, 'docs', 'releasing.md'), 'utf8')
    const secrets = [...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name ?? '')
    expect(secrets.length).toBeGreaterThan(3)
    expect(secrets.filter((name) => !explained.includes(`\`${name}\``))).toEqual([])
  })
})

it('the cask names the file that electron-builder makes, and its content', () => {
  const text = cask({ version: '1.2.3', sha256: 'ab'.repeat(32), repository: 'owner/muster' })
  expect(text).toContain('version "1.2.3"')
  expect(text).toContain(`sha256 "${'ab'.repeat(32)}"`)
  const { artifactName, productName, appId } = configured()
  const named = artifactName
    .replace('${productName}', productName)
    .replace('${version}', '#{version}')
    .replace('${os}', 'mac')
    .replace('${arch}', 'arm64')
    .replace('${ext}', 'dmg')
  expect(text).toContain(`/releases/download/v#{version}/${named}"`)
  expect(text).toContain(`uninstall quit: "${appId}"`)
  expect(text.match(/\bdo$/gm)?.length).toBe(text.match(/^ *end$/gm)?.length)
})

it('the tools are pinned apart from the app’s own packages', () => {
  const lock = z
    .object({
      packages: z.record(z.string(), z.object({ integrity: z.string().optional(), resolved: z.string().optional() })),
    })
    .parse(JSON.parse(readFileSync(join(root, 'build', 'package', 'package-lock.json'), 'utf8')))
  const entries = Object.entries(lock.packages).filter(([place]) => place !== '')
  expect(entries.length).toBeGreaterThan(100)
  expect(entries.filter(([, { integrity, resolved }]) => integrity === undefined || resolved !== undefined)).toEqual([])
  expect(manifest.devDependencies).not.toHaveProperty('electron-builder')
})
