import { join } from 'node:path'
import type { BundledRunner } from '../node-options'

/** Whether an installed app's program runs this command line, and not Node. */
export const isInstalledApp = (): boolean => process.type === 'browser'

/** What the app carries for runners; undefined under Node, whose runners have the environment beside the sources. */
export const bundledRunner = (): BundledRunner | undefined =>
  isInstalledApp() ? { root: process.resourcesPath, uv: join(process.resourcesPath, 'bin', 'uv') } : undefined
