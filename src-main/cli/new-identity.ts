import { existsSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeFolderSync } from '../disk/make-folder'
import { lockDataDir } from '../master/index'
import { defaultDataDir, homeFolder } from '../settings/data-dir'
import { CommandError, DONE, type ExitCode } from './exit-codes'
import type { Streams } from './standard-streams'

/** Files that bind a data folder to one machine and its cluster; models and settings are kept. */
const PERSONAL = ['identity.json', 'log', 'peers.json', 'admission.json', 'measurements.json']

/** Moves the machine's identity aside; the next start creates a new one. Throws if a node runs in this folder. */
export const newIdentity = async (
  { dataDir: given, json }: { readonly dataDir?: string | undefined; readonly json: boolean },
  { out }: Pick<Streams, 'out'>,
): Promise<ExitCode> => {
  const { env, platform } = process
  const dataDir = resolve(given ?? (env['MUSTER_DATA_DIR'] || defaultDataDir({ platform, env, home: homeFolder() })))
  if (!existsSync(join(dataDir, 'identity.json')))
    throw new CommandError(`${dataDir} has no identity: a node creates one at its first start.`)
  const unlock = lockDataDir(dataDir)
  try {
    const aside = join(dataDir, `former-identity-${new Date().toISOString().replace(/[:.]/g, '-')}`)
    makeFolderSync(aside)
    for (const name of PERSONAL) if (existsSync(join(dataDir, name))) renameSync(join(dataDir, name), join(aside, name))
    const text = `The former identity was moved to ${aside}. At its next start this is a new machine, in a cluster of its own.`
    await out(`${json ? JSON.stringify({ dataDir, movedTo: aside }) : text}\n`)
    return DONE
  } finally {
    unlock()
  }
}
