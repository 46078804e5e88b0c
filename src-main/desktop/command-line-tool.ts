import { chmod, mkdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CommandLineProblem, CommandLineToolAnswer } from '@core/protocols/desktop'
import { removeFile } from '../disk/removal'
import { COMMAND_LINE_SWITCH, LINUX_SWITCHES } from './command-line'

const NAME = 'muster'
/** Marks a script of ours; a link of ours leads to a launcher in an app. */
const MARK = '# The command line of the Muster app, written and removed by its settings.'
const LAUNCHER = /\/resources\/bin\/muster$/i

/** What the command starts. */
export type CommandSource =
  | { readonly kind: 'launcher'; readonly path: string }
  /** It is mounted only while it runs, so nothing can be linked to in it. */
  | { readonly kind: 'app-image'; readonly path: string }
  /** The package has put it on the path. */
  | { readonly kind: 'package' }

export interface CommandLineToolOptions {
  /** Undefined where the app is not installed. */
  readonly source: CommandSource | undefined
  /** Absolute folders that shells look in, the best first. */
  readonly folders: readonly string[]
  /** As in the environment. */
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
    // EINVAL: it is no link.
    if (!hasCode(error, 'EINVAL')) return 'other'
  }
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.includes(MARK) ? 'ours' : 'other'
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const scriptOf = (appImage: string): string =>
  `#!/bin/sh\n${MARK}\nexec ${[quoted(appImage), ...LINUX_SWITCHES, COMMAND_LINE_SWITCH].join(' ')} -- "$@"\n`

/** Puts the command `muster` where shells find it, and takes it away. Nothing that is another's is touched. */
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

  /** In the first folder that can be written. An earlier one of ours, of an app that has moved, is replaced. */
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

  /** Removes what is ours, wherever it is. */
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

  /** Whether that folder could be written. In one step, so that a command that runs just then is not cut. */
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
