import { createHash } from 'node:crypto'
import { watch, type FSWatcher } from 'node:fs'
import path from 'node:path'
import type { DeclarationDocument, Prune } from '@core/declarations/document'
import type { Labels } from '@core/state/labels'
import type { Logger } from '../logging/logger'
import { faultText } from './parse'
import { declarationFilesIn, readDeclarationFiles, type DeclarationFile } from './read'

/** Label of every declaration that comes from a watched folder; its value is the folder's name. */
export const FOLDER_LABEL = 'muster/folder'

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

/**
 * Keeps the declarations of a folder applied: at start and whenever a file changes. A declaration that is in no file
 * any more is deleted, but only while every file is valid, so that neither a typing error nor a missing folder deletes
 * anything. Changes made elsewhere (app, API) stay until a file changes again.
 */
export class DeclarationFolder {
  private readonly labels: Labels
  private applied: string | undefined
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
          this.warnOnce(`${this.options.folder}: ${error instanceof Error ? error.message : 'cannot be read'}`),
        )
        .finally(() => this.scheduleSync(RESYNC_MS))
    }, milliseconds)
  }

  /** Logs a warning once, until a different one follows. */
  private warnOnce(text: string): void {
    if (text === this.lastWarning) return
    this.lastWarning = text
    this.options.log.warn({ folder: this.options.folder }, text)
  }

  private async sync(): Promise<void> {
    const { folder, apply, log } = this.options
    const files = await readDeclarationFiles(await declarationFilesIn(folder))
    const fingerprint = fingerprintOf(files)
    if (fingerprint === this.applied) return
    const problems = files.flatMap(({ faults }) => faults).map(faultText)
    const sound = files.filter(({ faults }) => faults.length === 0)
    for (const { file, documents } of sound) {
      const refusal = await apply({ documents: documents.map((one) => this.labelled(one)) })
      if (refusal !== undefined) problems.push(`${file}: ${refusal}`)
    }
    if (problems.length === 0) {
      const keep = files.flatMap(({ documents }) => documents.map(({ name }) => name))
      const refusal = await apply({ documents: [], prune: { labels: this.labels, keep } })
      if (refusal !== undefined) problems.push(refusal)
    }
    // Recorded after a refusal too: without a change of the files the next attempt would be refused again.
    this.applied = fingerprint
    if (problems.length > 0) this.warnOnce(`Not all declarations in ${folder} were applied:\n${problems.join('\n')}`)
    else log.info({ folder, files: files.length }, 'declarations applied from the folder')
  }

  private labelled(document: DeclarationDocument): DeclarationDocument {
    return { ...document, labels: { ...document.labels, ...this.labels } }
  }
}
