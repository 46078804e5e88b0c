import { createHash } from 'node:crypto'
import type { ModelId } from '@core/ids'
import type { Candidate } from '../stores/candidate'
import { readInspections, writeInspections, type Remembered } from './inspection-cache'
import { inspectModelDirectory, type Inspection } from './model-directory'
import { listModelFiles, type ModelFile } from './model-files'

export interface InspectionsOptions {
  /** The model offered first on a new machine. */
  readonly starter: ModelId
  /** Version of this program. */
  readonly version: string
  /** File that keeps inspections for the next start; absent: they are not kept. */
  readonly cacheFile?: string | undefined
}

/** Includes the program's version, because another version may support a model that this one does not. */
const fingerprintOf = (files: readonly ModelFile[], version: string): string =>
  createHash('sha256')
    .update(JSON.stringify([version, files]))
    .digest('hex')
    .slice(0, 32)

const withFingerprint = (inspection: Inspection, fingerprint: string): Inspection =>
  inspection.status === 'model'
    ? { ...inspection, model: { ...inspection.model, fingerprint } }
    : inspection.status === 'adapter'
      ? { ...inspection, model: { ...inspection.model, fingerprint } }
      : inspection

const keyOf = ({ source, path }: Candidate): string => `${source} ${path}`

/** Inspects model folders, each again only when its files have changed. */
export class Inspections {
  private remembered = new Map<string, Remembered>()
  /** Whether the file holds what is remembered. */
  private isKept = true

  constructor(private readonly options: InspectionsOptions) {}

  /** Reads the inspections of an earlier process. */
  async load(): Promise<void> {
    const { cacheFile } = this.options
    if (cacheFile !== undefined) this.remembered = await readInspections(cacheFile)
  }

  async inspect(candidate: Candidate): Promise<Inspection> {
    const files = await listModelFiles(candidate.path)
    if (!files) return { status: 'none' }
    const fingerprint = fingerprintOf(files, this.options.version)
    const known = this.remembered.get(keyOf(candidate))
    if (known?.fingerprint === fingerprint) return known.inspection
    const starter = candidate.source === 'muster' && candidate.modelId === this.options.starter
    const inspection = withFingerprint(await inspectModelDirectory(candidate, files, { starter }), fingerprint)
    this.remembered.set(keyOf(candidate), { fingerprint, inspection })
    this.isKept = false
    return inspection
  }

  /** Forgets all folders but these. */
  retain(candidates: readonly Candidate[]): void {
    const keys = new Set(candidates.map(keyOf))
    for (const key of [...this.remembered.keys()])
      if (!keys.has(key)) {
        this.remembered.delete(key)
        this.isKept = false
      }
  }

  /** Writes what has changed for the next start. Never rejects. */
  async keep(): Promise<void> {
    const { cacheFile } = this.options
    if (cacheFile === undefined || this.isKept) return
    this.isKept = true
    // The cache only saves work, so a failure to write it (a full disk) is ignored.
    await writeInspections(cacheFile, this.remembered).catch(() => undefined)
  }
}
