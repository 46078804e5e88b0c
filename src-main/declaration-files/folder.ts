import { createHash } from 'node:crypto'
import { watch, type FSWatcher } from 'node:fs'
import path from 'node:path'
import type { DeclarationDocument, Prune } from '@core/declarations/document'
import type { Labels } from '@core/state/labels'
import type { Logger } from '../logging/logger'
import { faultText } from './parse'
import { declarationFilesIn, readDeclarationFiles, type DeclarationFile } from './read'

/** Carried by what comes from a watched folder, with the folder's name for a value. */
export const FOLDER_LABEL = 'muster/folder'

/** Editors and git write several files in a row. */
const SETTLE_MS = 300
/** What a watcher of the system misses (a mounted disk, a folder that was replaced) is seen after this long. */
const LOOK_AGAIN_MS = 10_000

export interface Applied {
  readonly documents: readonly DeclarationDocument[]
  readonly prune?: Prune
}

export interface FolderOptions {
  readonly folder: string
  /** Resolves with why the master refused; undefined when all is done. Rejects while no master answers. */
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

/** What files have: their declarations and their faults, whatever they are called. */
const fingerprintOf = (files: readonly DeclarationFile[]): string =>
  createHash('sha256').update(JSON.stringify(files)).digest('hex')

/**
 * Keeps the declarations of a folder's files declared: applied when the node starts and whenever a file changes. A
 * declaration that no file has any more is removed, but only while every file is in order: a typing error removes
 * nothing, nor does a folder that is gone. What people change otherwise stays until a file changes again.
 */
export class DeclarationFolder {
  private readonly labels: Labels
  private done: string | undefined
  private told: string | undefined
  private timer: NodeJS.Timeout | undefined
  private watcher: FSWatcher | undefined
  private looking: Promise<void> | undefined
  private closed = false

  constructor(private readonly options: FolderOptions) {
    this.labels = labelOf(options.folder)
    this.watchFolder()
    this.lookIn(0)
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    this.watcher?.close()
    await this.looking
  }

  private watchFolder(): void {
    try {
      this.watcher = watch(this.options.folder, { recursive: true }, () => this.lookIn(SETTLE_MS))
      this.watcher.on('error', () => this.watcher?.close())
    } catch {
      // It is looked at from time to time all the same.
    }
  }

  private lookIn(milliseconds: number): void {
    if (this.closed) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.looking = (this.looking ?? Promise.resolve())
        .then(() => this.look())
        .catch((error: unknown) =>
          this.tell(`${this.options.folder}: ${error instanceof Error ? error.message : 'cannot be read'}`),
        )
        .finally(() => this.lookIn(LOOK_AGAIN_MS))
    }, milliseconds)
  }

  /** A sentence is logged once, until there is another. */
  private tell(text: string): void {
    if (text === this.told) return
    this.told = text
    this.options.log.warn({ folder: this.options.folder }, text)
  }

  private async look(): Promise<void> {
    const { folder, apply, log } = this.options
    const files = await readDeclarationFiles(await declarationFilesIn(folder))
    const fingerprint = fingerprintOf(files)
    if (fingerprint === this.done) return
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
    // Until the files change, the same would be refused again.
    this.done = fingerprint
    if (problems.length > 0) this.tell(`Declarations in ${folder} are not all carried out:\n${problems.join('\n')}`)
    else log.info({ folder, files: files.length }, 'declarations are as the folder has them')
  }

  private labelled(document: DeclarationDocument): DeclarationDocument {
    return { ...document, labels: { ...document.labels, ...this.labels } }
  }
}
