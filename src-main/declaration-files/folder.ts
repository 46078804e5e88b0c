import { createHash } from 'node:crypto'
import { watch, type FSWatcher } from 'node:fs'
import path from 'node:path'
import type { DeclarationDocument, Prune } from '@core/declarations/document'
import {
  declarationFaults,
  faultText,
  type DeclarationFault,
  type DeclarationFaults,
} from '@core/state/declaration-faults'
import type { Labels } from '@core/state/labels'
import type { Logger } from '../logging/logger'
import { declarationFilesIn, readDeclarationFiles, whyUnreadable, type DeclarationFile } from './read'

/** Label of every declaration that comes from a watched folder; its value is the folder's name. */
const FOLDER_LABEL = 'muster/folder'

/** Debounce: editors and git write several files in a row. */
const SETTLE_MS = 300
/** Polling interval, for changes that the file watcher misses (a mounted disk, a replaced folder). */
const RESYNC_MS = 10_000

export interface Applied {
  readonly documents: readonly DeclarationDocument[]
  readonly prune?: Prune
}

export interface FolderOptions {
  readonly folder: string
  /** Resolves with the master's reason if it refused, or undefined on success. Rejects while no master is reachable. */
  readonly apply: (wanted: Applied) => Promise<string | undefined>
  /** Called when the result of `faults` has changed. */
  readonly onFaults: () => void
  readonly log: Logger
}

const labelOf = (folder: string): Labels => {
  const name = path
    .basename(folder)
    .replaceAll(/[^a-z0-9._-]+/gi, '-')
    .slice(0, 63)
    .replaceAll(/^[._-]+|[._-]+$/g, '')
  return { [FOLDER_LABEL]: name }
}

/** Fingerprint of the files' declarations and faults. */
const fingerprintOf = (files: readonly DeclarationFile[]): string =>
  createHash('sha256').update(JSON.stringify(files)).digest('hex')

/** Outcome of a pass in which the master answered everything. */
interface Settled {
  readonly fingerprint: string
  /** Files that the master refused, and the folder itself if it refused the removals. */
  readonly refused: ReadonlySet<string>
  readonly faults: readonly DeclarationFault[]
}

/**
 * Keeps the declarations of a folder applied: at start and whenever a file changes. A declaration that is in no file
 * any more is deleted, but only while every file is valid, so that neither a typing error nor a missing folder deletes
 * anything. Changes made elsewhere (app, API) stay until a file changes again. What the master refused is tried again,
 * because the reason, such as a name that is taken, can end without a change of the files.
 */
export class DeclarationFolder {
  private readonly labels: Labels
  private settled: Settled | undefined
  private current: readonly DeclarationFault[] = []
  private lastWarning: string | undefined
  private timer: NodeJS.Timeout | undefined
  private watcher: FSWatcher | undefined
  private syncing: Promise<void> | undefined
  private closed = false

  constructor(private readonly options: FolderOptions) {
    this.labels = labelOf(options.folder)
    this.watchFolder()
    this.scheduleSync(0)
  }

  /** Returns what keeps files from being applied now; undefined if all are applied. */
  faults(): DeclarationFaults | undefined {
    return declarationFaults(this.options.folder, this.current)
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    this.watcher?.close()
    await this.syncing
  }

  private watchFolder(): void {
    try {
      this.watcher = watch(this.options.folder, { recursive: true }, () => this.scheduleSync(SETTLE_MS))
      this.watcher.on('error', () => this.watcher?.close())
    } catch {
      // The watcher is optional: the folder is also polled.
    }
  }

  private scheduleSync(milliseconds: number): void {
    if (this.closed) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.syncing = (this.syncing ?? Promise.resolve())
        .then(() => this.sync())
        .catch((error: unknown) =>
          this.warnOnce(`${this.options.folder}: ${error instanceof Error ? error.message : 'cannot be applied'}`),
        )
        .finally(() => this.scheduleSync(RESYNC_MS))
    }, milliseconds)
  }

  /** Logs a warning once, until a different one follows or all is well. */
  private warnOnce(text: string): void {
    if (text === this.lastWarning) return
    this.lastWarning = text
    this.options.log.warn({ folder: this.options.folder }, text)
  }

  private async sync(): Promise<void> {
    const files = await this.read()
    if (files === undefined || this.closed) return
    const { settled } = this
    const fingerprint = fingerprintOf(files)
    const changed = fingerprint !== settled?.fingerprint
    if (!changed && settled.refused.size === 0) return this.show(settled.faults)
    const faults = files.flatMap((one) => one.faults).map((fault) => ({ ...fault, file: this.relative(fault.file) }))
    const sound = files.filter((one) => one.faults.length === 0)
    const due = changed ? sound : sound.filter(({ file }) => settled.refused.has(file))
    const refusals = await this.apply(due, faults.length === 0 ? files : undefined)
    const refused = [...refusals].map(([file, message]) =>
      file === this.options.folder ? { message } : { file: this.relative(file), message },
    )
    this.settled = { fingerprint, refused: new Set(refusals.keys()), faults: [...faults, ...refused] }
    this.show(this.settled.faults)
    this.tell(files.length, changed)
  }

  /** Undefined if the folder cannot be read. */
  private async read(): Promise<readonly DeclarationFile[] | undefined> {
    const { folder } = this.options
    try {
      return await readDeclarationFiles(await declarationFilesIn(folder))
    } catch (error) {
      const message = whyUnreadable(error)
      this.show([{ message }])
      this.warnOnce(`${folder} ${message}`)
      return undefined
    }
  }

  /**
   * Applies files, and if nothing is refused removes declarations that are in none of `all`. Returns the refusals by
   * file; that of the removals by the folder.
   */
  private async apply(
    due: readonly DeclarationFile[],
    all: readonly DeclarationFile[] | undefined,
  ): Promise<ReadonlyMap<string, string>> {
    const { folder, apply } = this.options
    const refusals = new Map<string, string>()
    for (const { file, documents } of due) {
      const refusal = await apply({ documents: documents.map((one) => this.labelled(one)) })
      if (refusal !== undefined) refusals.set(file, refusal)
    }
    if (all === undefined || refusals.size > 0) return refusals
    const keep = all.flatMap(({ documents }) => documents.map(({ name }) => name))
    const refusal = await apply({ documents: [], prune: { labels: this.labels, keep } })
    if (refusal !== undefined) refusals.set(folder, refusal)
    return refusals
  }

  private show(faults: readonly DeclarationFault[]): void {
    const same = JSON.stringify(faults) === JSON.stringify(this.current)
    this.current = faults
    if (!same) this.options.onFaults()
  }

  private tell(files: number, changed: boolean): void {
    const { folder, log } = this.options
    if (this.current.length > 0)
      return this.warnOnce(`Not all declarations in ${folder} were applied:\n${this.current.map(faultText).join('\n')}`)
    if (changed || this.lastWarning !== undefined) log.info({ folder, files }, 'declarations applied from the folder')
    this.lastWarning = undefined
  }

  private relative(file: string): string {
    return path.relative(this.options.folder, file).replaceAll(path.sep, '/')
  }

  private labelled(document: DeclarationDocument): DeclarationDocument {
    return { ...document, labels: { ...document.labels, ...this.labels } }
  }
}
