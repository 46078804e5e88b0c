import { join } from 'node:path'
import type { BundledRunner } from '../node/index'

/** Whether the installed app's Electron binary runs this command line, rather than Node. */
export const isInstalledApp = (): boolean => process.type === 'browser'

/** The runner bundled with the app; undefined under Node, which uses the environment beside the sources. */
export const bundledRunner = (): BundledRunner | undefined =>
  isInstalledApp() ? { root: process.resourcesPath, uv: join(process.resourcesPath, 'bin', 'uv') } : undefined
