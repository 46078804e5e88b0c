import { createHash, randomBytes } from 'node:crypto'
import { lstat, open, readFile, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { editClaudeCode, editCodex, editOpenCode, type Edit } from '@core/connect/config-edits'
import { lineChanges, withContext, withoutSecrets } from '@core/connect/line-changes'
import type { ConnectTarget } from '@core/connect/tool-texts'
import type { ErrorCode } from '@core/errors/error-codes'
import { WritableTool, type ToolConfigPreview, type ToolConfigView } from '@core/protocols/connect'
import { z } from 'zod'
import { findBelow, makeBelow } from '../disk/below'
import { removeFile } from '../disk/removal'
import { replaceFile } from '../disk/replace-file'
import { editContinue } from './continue-config'

/** A tool's configuration was not changed: why, and what to do. */
class ToolConfigError extends Error {
  constructor(
    readonly code: Extract<ErrorCode, 'refused' | 'changed' | 'nothing_written'>,
    message: string,
    readonly hint: string,
  ) {
    super(message)
    this.name = 'ToolConfigError'
  }
}

interface Tool {
  /** Path of the file below the home folder. */
  readonly names: readonly string[]
  readonly edit: (before: string | undefined, target: ConnectTarget) => Edit
}

const TOOLS: Readonly<Record<WritableTool, Tool>> = {
  'claude-code': { names: ['.claude', 'settings.json'], edit: editClaudeCode },
  codex: { names: ['.codex', 'config.toml'], edit: editCodex },
  opencode: { names: ['.config', 'opencode', 'opencode.json'], edit: editOpenCode },
  continue: { names: ['.continue', 'config.yaml'], edit: editContinue },
}

/** Undo record: the file before the first write, and the digest of what was written. */
const Written = z.object({ before: z.string().nullable(), digest: z.string() })
type Written = z.infer<typeof Written>

/** Larger files are not accepted as a configuration. */
const MAX_BYTES = 1_000_000

const digestOf = (text: string | undefined): string =>
  text === undefined ? 'absent' : createHash('sha256').update(text).digest('hex')

const DISK = { lstat, readdir, rename }

export interface ToolConfigsOptions {
  readonly home: string
  readonly dataDir: string
  /** The node's address for tools on this machine, and its models. */
  readonly target: () => Pick<ConnectTarget, 'url' | 'models'>
}

/**
 * Writes this node into configuration files of tools on this machine, and undoes that. Symbolic links are not followed,
 * neither below the home folder nor for the file itself, so the write goes to the path that was shown. Files are
 * replaced atomically with mode 0600, because they hold keys.
 */
export class ToolConfigs {
  constructor(private readonly options: ToolConfigsOptions) {}

  async list(): Promise<readonly ToolConfigView[]> {
    return Promise.all(
      WritableTool.options.map(async (tool) => {
        const { names } = TOOLS[tool]
        const folder = await findBelow(this.options.home, names.slice(0, -1), DISK).catch(() => undefined)
        return {
          tool,
          path: ['~', ...names].join('/'),
          found: folder?.entry.isDirectory() ?? false,
          undoable: (await this.written(tool)) !== undefined,
        }
      }),
    )
  }

  /** The change that `write` would make. Throws ToolConfigError; rejects with errors of the file system. */
  async preview(tool: WritableTool, wanted: Pick<ConnectTarget, 'model' | 'key'>): Promise<ToolConfigPreview> {
    const before = await this.read(tool)
    const after = this.edited(tool, before, wanted)
    const lines = withoutSecrets(withContext(lineChanges(before ?? '', after)))
    return {
      path: ['~', ...TOOLS[tool].names].join('/'),
      creates: before === undefined,
      lines: [...lines],
      digest: digestOf(before),
    }
  }

  /** Writes the change shown by `preview`. Throws ToolConfigError, also if the file has changed since. */
  async write(
    tool: WritableTool,
    { digest, ...wanted }: Pick<ConnectTarget, 'model' | 'key'> & { readonly digest: string },
  ): Promise<void> {
    const before = await this.read(tool)
    if (digestOf(before) !== digest)
      throw new ToolConfigError('changed', 'The file has changed since it was shown', 'Review the change again.')
    const after = this.edited(tool, before, wanted)
    // Undo restores the content from before the node's first write.
    const earlier = await this.written(tool)
    const kept = earlier && earlier.digest === digest ? earlier.before : (before ?? null)
    await replaceFile(this.record(tool), JSON.stringify({ before: kept, digest: digestOf(after) } satisfies Written))
    await this.replace(tool, after)
  }

  /** Restores the earlier content. Throws ToolConfigError if the file was changed after the write. */
  async undo(tool: WritableTool): Promise<void> {
    const written = await this.written(tool)
    if (!written)
      throw new ToolConfigError('nothing_written', 'Muster has written nothing there', 'There is nothing to revert.')
    if (digestOf(await this.read(tool)) !== written.digest)
      throw new ToolConfigError(
        'changed',
        'The file was changed after Muster wrote it, so it is left as it is',
        'Remove Muster’s entries by hand.',
      )
    const { home } = this.options
    const { names } = TOOLS[tool]
    if (written.before === null) await removeFile(join(home, ...names.slice(0, -1)), names.at(-1) ?? '')
    else await this.replace(tool, written.before)
    await removeFile(this.folder(), `${tool}.json`)
  }

  private edited(tool: WritableTool, before: string | undefined, wanted: Pick<ConnectTarget, 'model' | 'key'>): string {
    const edit = TOOLS[tool].edit(before, { ...this.options.target(), ...wanted })
    if ('refused' in edit) throw new ToolConfigError('refused', 'The file is left as it is', edit.refused)
    return edit.text
  }

  /** The file's content; undefined if it does not exist. */
  private async read(tool: WritableTool): Promise<string | undefined> {
    const { names } = TOOLS[tool]
    const found = await findBelow(this.options.home, names, DISK)
    if (!found) return undefined
    const entry = await lstat(found.path)
    if (!entry.isFile())
      throw new ToolConfigError(
        'refused',
        `${found.path} is a link or not a file; links are not followed`,
        'Put the text in by hand.',
      )
    if (entry.size > MAX_BYTES)
      throw new ToolConfigError('refused', `${found.path} is larger than 1 MB`, 'Put the text in by hand.')
    return readFile(found.path, 'utf8')
  }

  private async replace(tool: WritableTool, text: string): Promise<void> {
    const { names } = TOOLS[tool]
    const folder = await makeBelow(this.options.home, names.slice(0, -1))
    const temporary = `.muster-${randomBytes(8).toString('hex')}`
    try {
      // `wx` fails if the name exists.
      const file = await open(join(folder, temporary), 'wx', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(join(folder, temporary), join(folder, names.at(-1) ?? ''))
    } catch (error) {
      await removeFile(folder, temporary).catch(() => undefined)
      throw error
    }
  }

  private async written(tool: WritableTool): Promise<Written | undefined> {
    const text = await readFile(this.record(tool), 'utf8').catch(() => undefined)
    try {
      return text === undefined ? undefined : Written.safeParse(JSON.parse(text)).data
    } catch {
      return undefined
    }
  }

  private folder(): string {
    return join(this.options.dataDir, 'connect')
  }

  private record(tool: WritableTool): string {
    return join(this.folder(), `${tool}.json`)
  }
}
