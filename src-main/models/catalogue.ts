import type { ModelId } from '@core/ids'
import type { CatalogueModel, UnreadableModel } from '@core/protocols/models'
import type { CardResult } from '@core/reconcile/process-manager'
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { inspectModelDirectory, type Candidate, type Inspection } from './model-directory'
import type { ModelProblem } from './model-problem'
import { listModelFiles, type ModelFile } from './model-files'
import { ConversationTrials } from './conversation-trials'
import { readInspections, writeInspections, type Remembered } from './inspection-cache'
import { findCandidates, type StoreOptions } from './stores'
import { watchFolders } from './watched-folders'

export interface CatalogueOptions extends StoreOptions {
  /** The model that is offered first on a new machine. */
  readonly starter: ModelId
  /** Of this program. */
  readonly version: string
  /**
   * Tries the tokenizer and the chat template of the model in a folder. Gives what is wrong, if anything is; rejects
   * where that could not be found out. Absent where there is no Python to try it with.
   */
  readonly tryConversation?: ((path: string) => Promise<ModelProblem | undefined>) | undefined
  /** A file that keeps what was found for the next start; nothing is kept without it. */
  readonly cacheFile?: string | undefined
  /** How long to let files settle after a change before looking; a test may shorten it. */
  readonly quietMs?: number
}

/** The models on this machine. */
export interface Catalogue {
  /** Resolves when the folders have been looked through for the first time. */
  readonly ready: Promise<void>
  /** In order of id, each id once. */
  list(): readonly CatalogueModel[]
  /** Directories of models that do not tell what they are, and why. */
  unreadable(): readonly UnreadableModel[]
  find(modelId: ModelId): CatalogueModel | undefined
  /** Why a model that lies here cannot be run, by what a client calls it; undefined where it can, or lies elsewhere. */
  problemOf(model: string): string | undefined
  /** Why the copy in our own store cannot be run; undefined where it can, or there is none. */
  problemOfOwn(modelId: ModelId): string | undefined
  /**
   * The card as the files are now. A model that is not known yet is looked for, and what was not tried yet of its files
   * is: a conversation is put to its tokenizer and its chat template, once for the same files.
   */
  card(modelId: ModelId): Promise<CardResult>
  /** Looks through all folders. Cheap where nothing changed: names, sizes and times only. */
  refresh(): Promise<void>
  /** Told when the lists have changed. Returns the way to stop. */
  subscribe(listener: () => void): () => void
  close(): Promise<void>
}

const QUIET_MS = 300
/** Folders that are looked at together. */
const AT_ONCE = 8

/** Another version may read what this one cannot: to it the same files are other ones. */
const fingerprintOf = (files: readonly ModelFile[], version: string): string =>
  createHash('sha256')
    .update(JSON.stringify([version, files]))
    .digest('hex')
    .slice(0, 32)

const withFingerprint = (inspection: Inspection, fingerprint: string): Inspection =>
  inspection.status === 'model' ? { ...inspection, model: { ...inspection.model, fingerprint } } : inspection

const byId = (a: { readonly modelId: string }, b: { readonly modelId: string }): number =>
  a.modelId < b.modelId ? -1 : 1

/** Of several directories with one model: one that can be run before one that cannot, then in the stores' order. */
const preferred = (inspections: readonly Inspection[]): Inspection[] => {
  const rank = (one: Inspection): number => (one.status === 'model' ? (one.model.problem === undefined ? 0 : 1) : 2)
  const best = new Map<string, Inspection>()
  for (const inspection of inspections) {
    if (inspection.status === 'none') continue
    const known = best.get(inspection.model.modelId)
    if (!known || rank(inspection) < rank(known)) best.set(inspection.model.modelId, inspection)
  }
  return [...best.values()]
}

/**
 * Opens the catalogue of the models in our own store, the Hugging Face cache and LM Studio's folders. It begins to
 * look at once and follows changes. The folders of others are read and never written.
 */
export const openCatalogue = (options: CatalogueOptions): Catalogue => {
  const { cacheFile } = options
  let remembered = new Map<string, Remembered>()
  let isKept = true
  const listeners = new Set<() => void>()
  let models: readonly CatalogueModel[] = []
  let unreadable: readonly UnreadableModel[] = []
  let looking: Promise<void> | undefined
  let closed = false

  const inspect = async (candidate: Candidate): Promise<Inspection> => {
    const files = await listModelFiles(candidate.path)
    if (!files) return { status: 'none' }
    const key = `${candidate.source} ${candidate.path}`
    const fingerprint = fingerprintOf(files, options.version)
    const known = remembered.get(key)
    if (known?.fingerprint === fingerprint) return trials.amend(known.inspection)
    const starter = candidate.source === 'muster' && candidate.modelId === options.starter
    const inspection = withFingerprint(await inspectModelDirectory(candidate, files, { starter }), fingerprint)
    remembered.set(key, { fingerprint, inspection })
    isKept = false
    return inspection
  }

  const publish = (inspections: readonly Inspection[]): void => {
    const chosen = preferred(inspections)
    const before = JSON.stringify([models, unreadable])
    models = chosen.flatMap((one) => (one.status === 'model' ? [one.model] : [])).sort(byId)
    unreadable = chosen.flatMap((one) => (one.status === 'unreadable' ? [one.model] : [])).sort(byId)
    if (JSON.stringify([models, unreadable]) !== before) for (const listener of listeners) listener()
  }

  const look = async (): Promise<void> => {
    const { candidates, roots } = await findCandidates(options)
    const inspections: Inspection[] = []
    // A few at a time: start-up needs the disk and the processor for other things too.
    for (let at = 0; at < candidates.length; at += AT_ONCE) {
      if (closed) return
      inspections.push(...(await Promise.all(candidates.slice(at, at + AT_ONCE).map(inspect))))
    }
    if (closed) return
    const paths = new Set(candidates.map(({ source, path }) => `${source} ${path}`))
    for (const key of [...remembered.keys()])
      if (!paths.has(key)) {
        remembered.delete(key)
        isKept = false
      }
    folders.set([...new Set([...roots, ...candidates.flatMap(({ path }) => [path, dirname(path)])])])
    publish(inspections)
    if (cacheFile === undefined || isKept) return
    isKept = true
    // It only saves work: a full disk is no reason to know no models.
    await writeInspections(cacheFile, remembered).catch(() => undefined)
  }

  const begin = async (): Promise<void> => {
    if (cacheFile !== undefined) remembered = await readInspections(cacheFile)
    await refresh()
  }

  const refresh = async (): Promise<void> => {
    // A look that began before the call may have passed by what the caller knows of.
    await looking
    looking ??= look().finally(() => {
      looking = undefined
    })
    await looking
  }

  const folders = watchFolders({ quietMs: options.quietMs ?? QUIET_MS, onChange: () => void refresh() })
  const trials = new ConversationTrials(options.tryConversation)
  /** Tries it where nobody has; what is found then stands in the lists. */
  const judged = async (modelId: ModelId): Promise<CatalogueModel | undefined> => {
    const model = find(modelId)
    if (!model || model.problem !== undefined) return model
    const problem = await trials.problemOf(model)
    if (problem === undefined) return model
    await refresh()
    return { ...model, ...problem }
  }
  const find = (modelId: ModelId): CatalogueModel | undefined => models.find((one) => one.modelId === modelId)
  const lying = (model: string): CatalogueModel | UnreadableModel | undefined =>
    [...models, ...unreadable].find(({ modelId }) => modelId === model)
  const ready = begin()

  return {
    ready,
    list: () => models,
    unreadable: () => unreadable,
    find,
    problemOf: (model) => lying(model)?.problem,
    problemOfOwn: (modelId) => {
      const own = lying(modelId)
      return own?.source === 'muster' ? own.problem : undefined
    },
    card: async (modelId) => {
      await ready
      await refresh()
      const model = await judged(modelId)
      if (model && model.problem === undefined) return { status: 'loaded', card: model.card }
      const broken = model ?? unreadable.find((one) => one.modelId === modelId)
      if (!broken) return { status: 'failed', reason: 'it is not on this machine' }
      return { status: 'failed', reason: `${broken.problem} (${broken.path})`, code: broken.problemCode }
    },
    refresh,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      closed = true
      folders.close()
      await looking
    },
  }
}
