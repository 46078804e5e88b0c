import { homedir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'

export interface DataDirContext {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/**
 * This user's home folder. A HOME that is empty or relative does not count: what is kept would then lie in the folder
 * of each start, as the data of another machine.
 */
export const homeFolder = (): string => {
  const home = homedir()
  return isAbsolute(home) ? home : userInfo().homedir
}

/** The value of a variable; undefined if it is unset or empty. */
const set = (value: string | undefined): string | undefined => (value === undefined || value === '' ? undefined : value)

/**
 * The default data folder, shared by the app and the headless node. A relative XDG_DATA_HOME is ignored, as the XDG
 * specification asks.
 */
export const defaultDataDir = ({ platform, env, home }: DataDirContext): string => {
  switch (platform) {
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'Muster')
    case 'win32':
      return join(set(env['LOCALAPPDATA']) ?? join(home, 'AppData', 'Local'), 'Muster')
    default: {
      const xdg = set(env['XDG_DATA_HOME'])
      return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), 'muster')
    }
  }
}
