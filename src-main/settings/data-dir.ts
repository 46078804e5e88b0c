import { isAbsolute, join } from 'node:path'

export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/** Text of a variable that is set to something. */
const set = (value: string | undefined): string | undefined => (value === undefined || value === '' ? undefined : value)

/**
 * Where everything a node keeps lies unless told otherwise; the app and the headless node share it.
 * XDG asks to ignore a relative XDG_DATA_HOME.
 */
export const defaultDataDir = ({ platform, env, home }: Surroundings): string => {
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
