import path from 'node:path'
import { root } from '../set-up/places.mjs'
import { debCommand, stagedApp, stagedResources } from './staging.mjs'

const APP_ID = 'app.muster.desktop'
const inBuild = (/** @type {string[]} */ ...names) => path.join(root, 'build', ...names)

/** Electron asks for the local network when Muster first announces itself; macOS shows this sentence. */
const WHY_LOCAL_NETWORK =
  'Muster finds your other machines on the local network and shares models with those that you allow.'

/**
 * What an installed app's Electron can be told from outside. Nothing in Muster starts Electron as Node, reads
 * NODE_OPTIONS, or attaches an inspector, so all of it is off; the code comes from the archive and nowhere else.
 * Cookies are not encrypted: the window has none, and the key would cost a question of the keychain.
 *
 * @param {number} electron major version
 */
export const fuses = (electron) => ({
  runAsNode: false,
  enableCookieEncryption: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  // Pages come from app://, never from a file.
  ...(electron >= 29 && { grantFileProtocolExtraPrivileges: false }),
})

/**
 * @typedef {object} Packaging
 * @property {string} electronVersion
 * @property {string | undefined} electronDist an unpacked Electron; undefined for electron-builder's own download
 * @property {string} output the folder that gets the results
 * @property {NodeJS.ProcessEnv} env secrets and addresses of a release: see docs/releasing.md
 */

/**
 * Where installed apps look for updates. Without an address an app has no updates and says so.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function publication(env) {
  const [owner, repo] = env['GITHUB_REPOSITORY']?.split('/') ?? []
  if (env['MUSTER_UPDATE_FEED']) return { provider: 'generic', url: env['MUSTER_UPDATE_FEED'] }
  return owner && repo ? { provider: 'github', owner, repo, releaseType: 'draft' } : null
}

/**
 * A Debian package must name a home page. A build outside a release has none, and names one that cannot exist.
 *
 * @param {NodeJS.ProcessEnv} env
 */
const homepage = (env) =>
  env['GITHUB_REPOSITORY'] ? `https://github.com/${env['GITHUB_REPOSITORY']}` : 'https://muster.invalid'

/** Apple's notary service requires an API key; without one the app is not notarised. @param {NodeJS.ProcessEnv} env */
const mayNotarise = (env) => ['APPLE_API_KEY', 'APPLE_API_KEY_ID', 'APPLE_API_ISSUER'].every((name) => env[name])

/** Of the program and its desktop entry; `muster` is the command line. */
const LINUX_NAME = 'muster-desktop'

/**
 * The configuration of electron-builder.
 *
 * @param {Packaging} packaging
 */
export const packageConfiguration = ({ electronVersion, electronDist, output, env }) => ({
  appId: APP_ID,
  productName: 'Muster',
  copyright: 'Copyright © The Muster developers',
  directories: { app: stagedApp, output, buildResources: inBuild() },
  electronVersion,
  ...(electronDist !== undefined && { electronDist }),
  electronFuses: fuses(Number.parseInt(electronVersion, 10)),
  electronLanguages: ['en', 'de', 'zh_CN', 'zh-CN'],
  npmRebuild: false,
  asar: true,
  files: ['**/*'],
  // Native code and its helper program must be real files.
  asarUnpack: ['node_modules/node-pty/**/*'],
  extraResources: [{ from: stagedResources, to: '.' }],
  protocols: [{ name: 'Muster', schemes: ['muster'] }],
  publish: publication(env),
  // Electron finds its desktop entry by this name: for the app id on Wayland, and to be asked for links.
  extraMetadata: { homepage: homepage(env), desktopName: `${LINUX_NAME}.desktop` },
  artifactName: '${productName}-${version}-${os}-${arch}.${ext}',
  mac: {
    target: [
      { target: 'dmg', arch: ['arm64'] },
      // Updates are installed from the zip.
      { target: 'zip', arch: ['arm64'] },
    ],
    category: 'public.app-category.developer-tools',
    icon: inBuild('icons', 'icon.png'),
    darkModeSupport: true,
    minimumSystemVersion: '14.0',
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements: inBuild('package', 'mac', 'entitlements.plist'),
    entitlementsInherit: inBuild('package', 'mac', 'entitlements.inherit.plist'),
    // Not found automatically, because it is neither a framework nor a helper; but notarisation requires every program
    // to be signed.
    binaries: ['Contents/Resources/bin/uv'],
    notarize: mayNotarise(env),
    extendInfo: {
      NSLocalNetworkUsageDescription: WHY_LOCAL_NETWORK,
      NSBonjourServices: ['_muster._tcp'],
      NSHumanReadableCopyright: 'Copyright © The Muster developers',
    },
  },
  dmg: {
    title: '${productName} ${version}',
    background: inBuild('package', 'mac', 'dmg-background.png'),
    iconSize: 96,
    window: { width: 540, height: 380 },
    contents: [
      { x: 140, y: 190, type: 'file' },
      { x: 400, y: 190, type: 'link', path: '/Applications' },
    ],
  },
  linux: {
    target: ['AppImage', 'deb'],
    executableName: LINUX_NAME,
    syncDesktopName: true,
    category: 'Development',
    icon: inBuild('icons', 'linux'),
    synopsis: 'One local LLM service on the machines you own',
    maintainer: 'The Muster developers <muster@users.noreply.github.com>',
    vendor: 'The Muster developers',
    desktop: { entry: { StartupWMClass: 'Muster', Keywords: 'LLM;MLX;AI;' } },
  },
  deb: {
    packageName: 'muster',
    priority: 'optional',
    recommends: ['libopenblas0-pthread'],
    fpm: [`${debCommand}=/usr/bin/muster`],
  },
})
