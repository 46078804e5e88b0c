import { chmod, mkdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CommandLineProblem, CommandLineToolAnswer } from '@core/protocols/desktop'
import { removeFile } from '../disk/removal'
import { COMMAND_LINE_SWITCH, LINUX_SWITCHES } from './command-line'

const NAME = 'muster'
/** Marks our own script; our own symlink points to a launcher inside an app. */
const MARK = '# The command line of the Muster app, written and removed by its settings.'
const LAUNCHER = /\/resources\/bin\/muster$/i

/** The program that the command runs. */
export type CommandSource =
  | { readonly kind: 'launcher'; readonly path: string }
  /** An AppImage is mounted only while it runs, so a link into it would dangle. */
  | { readonly kind: 'app-image'; readonly path: string }
  /** The package has already installed it on the PATH. */
  | { readonly kind: 'package' }

export interface CommandLineToolOptions {
  /** Undefined if the app is not installed. */
  readonly source: CommandSource | undefined
  /** Absolute PATH folders of shells, best first. */
  readonly folders: readonly string[]
  /** The environment's PATH. */
  readonly searchPath: string
}

type Entry = 'absent' | 'ours' | 'other'

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

const entryAt = async (file: string): Promise<Entry> => {
  try {
    return LAUNCHER.test(await readlink(file)) ? 'ours' : 'other'
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'absent'
    // EINVAL: not a symlink.
    if (!hasCode(error, 'EINVAL')) return 'other'
  }
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.includes(MARK) ? 'ours' : 'other'
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const scriptOf = (appImage: string): string =>
  `#!/bin/sh\n${MARK}\nexec ${[quoted(appImage), ...LINUX_SWITCHES, COMMAND_LINE_SWITCH].join(' ')} -- "$@"\n`

/** Installs and removes the command `muster` on the PATH. Never touches files of others. */
export class CommandLineTool {
  constructor(private readonly options: CommandLineToolOptions) {}

  async status(): Promise<CommandLineToolAnswer> {
    const { source, folders } = this.options
    if (source === undefined) return { state: 'unavailable' }
    if (source.kind === 'package') return { state: 'package' }
    for (const folder of folders) {
      const path = join(folder, NAME)
      if ((await entryAt(path)) === 'ours') return { state: 'installed', path, isFound: this.isSearched(folder) }
    }
    return { state: 'absent' }
  }

  /** Installs into the first writable folder. Replaces an earlier installation of ours, such as that of a moved app. */
  async install(): Promise<CommandLineToolAnswer> {
    const { source, folders } = this.options
    if (source === undefined || source.kind === 'package') return this.status()
    for (const folder of folders) {
      const path = join(folder, NAME)
      if ((await entryAt(path)) === 'other') return { state: 'absent', problem: { kind: 'taken', path } }
      if (await this.put(source, path)) return this.status()
    }
    const command =
      source.kind === 'launcher' ? `sudo ln -sf ${quoted(source.path)} ${join(folders[0] ?? '', NAME)}` : undefined
    return { state: 'absent', problem: { kind: 'unwritable', folders: [...folders], command } }
  }

  /** Removes our own files from all folders. */
  async remove(): Promise<CommandLineToolAnswer> {
    const { folders } = this.options
    for (const folder of folders) {
      const path = join(folder, NAME)
      if ((await entryAt(path)) !== 'ours') continue
      try {
        await removeFile(folder, NAME)
      } catch {
        const status = await this.status()
        const problem: CommandLineProblem = { kind: 'unwritable', folders: [folder], command: `sudo rm ${path}` }
        return status.state === 'installed' ? { ...status, problem } : status
      }
    }
    return this.status()
  }

  private isSearched(folder: string): boolean {
    return this.options.searchPath.split(':').includes(folder)
  }

  /**
   * Writes the command into a folder; returns false if that is not possible. The rename is atomic, so that a command
   * started at the same moment is not a partial file.
   */
  private async put(
    { kind, path: target }: Exclude<CommandSource, { kind: 'package' }>,
    path: string,
  ): Promise<boolean> {
    const temporary = `${path}.new`
    try {
      await mkdir(dirname(path), { recursive: true })
      await removeFile(dirname(temporary), basename(temporary))
      if (kind === 'launcher') await symlink(target, temporary)
      else {
        await writeFile(temporary, scriptOf(target))
        await chmod(temporary, 0o755)
      }
      await rename(temporary, path)
      return true
    } catch {
      return false
    }
  }
}
