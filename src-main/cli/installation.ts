/** How this command line was installed, which determines how it is updated. */
export type Installation =
  | { readonly by: 'app' }
  | { readonly by: 'homebrew' }
  /** `prefix`: the folder that `npm --global` installs into. */
  | { readonly by: 'npm'; readonly prefix: string }
  /** `prefix`: the folder of a project that npm has installed it into. */
  | { readonly by: 'npm-project'; readonly prefix: string }
  | { readonly by: 'sources' }

/**
 * Determines the kind of installation from the script's real path.
 *
 * @param isApp whether the installed app's binary runs it
 */
export const installationOf = (script: string, isApp: boolean): Installation => {
  if (isApp) return { by: 'app' }
  if (/\/(?:Cellar|Caskroom)\//.test(script)) return { by: 'homebrew' }
  const [, prefix, lib] = /^(.*?)(\/lib)?\/node_modules\/muster\//.exec(script) ?? []
  if (prefix === undefined) return { by: 'sources' }
  return { by: lib === undefined ? 'npm-project' : 'npm', prefix }
}

export interface UpdateCommand {
  readonly program: string
  readonly args: readonly string[]
}

/** The command that updates the installation; otherwise why there is none, and what to do instead. */
export const updateCommand = (
  installation: Installation,
  given: string | undefined,
): UpdateCommand | { readonly problem: string; readonly hint: string } => {
  switch (installation.by) {
    case 'app':
      return {
        problem: 'The app updates itself, and its command line with it',
        hint: 'Settings → Updates checks for a new version and installs it.',
      }
    case 'homebrew':
      return given === undefined
        ? { program: 'brew', args: ['upgrade', 'muster'] }
        : { problem: 'Homebrew chooses the version', hint: 'Use `muster update` alone.' }
    case 'npm':
    case 'npm-project': {
      const { by, prefix } = installation
      return given === undefined
        ? {
            problem: 'Which package to install?',
            hint: 'Give the file or the address of a release: muster update muster-1.2.3.tgz.',
          }
        : { program: 'npm', args: ['install', ...(by === 'npm' ? ['--global'] : []), '--prefix', prefix, given] }
    }
    case 'sources':
      return {
        problem: 'This is a checkout of the sources, which no package manager updates',
        hint: '`git pull`, then `npm start`.',
      }
  }
}
