import type { ModelId } from '@core/ids'
import type { CatalogueAdapter, CatalogueModel, UnreadableModel } from '@core/protocols/models'
import type { CardResult } from '@core/reconcile/index'
import { dirname } from 'node:path'
import type { Candidate } from './stores/candidate'
import { ConversationTrials } from './inspection/conversation-trials'
import { Inspections, type InspectionsOptions } from './inspection/inspections'
import type { Inspection } from './inspection/model-directory'
import type { ModelProblem } from './inspection/model-problem'
import { isShortage } from './shortage'
import { findCandidates, type StoreOptions } from './stores/stores'
import { watchFolders } from './stores/watched-folders'

export interface CatalogueOptions extends StoreOptions, InspectionsOptions {
  /**
   * Checks the tokenizer and the chat template of the model in a folder. Resolves with the problem, if any; rejects if
   * the check could not run. Absent without a Python environment.
   */
  readonly tryConversation?: ((path: string) => Promise<ModelProblem | undefined>) | undefined
  /** Debounce after a file change; tests shorten it. */
  readonly quietMs?: number
  /** Delay before a scan that failed for a shortage is repeated; tests shorten it. */
  readonly againMs?: number
}

/** The models on this machine. */
export interface Catalogue {
  /** Resolves after the first scan of all folders. */
  readonly ready: Promise<void>
  /** Sorted by id, ids unique. */
  list(): readonly CatalogueModel[]
  /** Model folders that could not be read, with the reason. */
  unreadable(): readonly UnreadableModel[]
  /** LoRA adapters, sorted by id. They are no models and appear in no other list. */
  adapters(): readonly CatalogueAdapter[]
  find(modelId: ModelId): CatalogueModel | undefined
  /** The complete model or adapter on this machine with that id. */
  held(modelId: ModelId): CatalogueModel | CatalogueAdapter | undefined
  /** Why a model on this machine cannot be run, by the id clients use; undefined if it can, or is not here. */
  problemOf(model: string): string | undefined
  /** Why the copy in our own store cannot be run; undefined if it can, or there is none. */
  problemOfOwn(modelId: ModelId): string | undefined
  /**
   * The model's card, after rescanning the folders. Also checks its tokenizer and chat template, once per fingerprint
   * of its files.
   */
  card(modelId: ModelId): Promise<CardResult>
  /** Scans all folders. Cheap if nothing changed: it reads names, sizes and times only. */
  refresh(): Promise<void>
  /** Calls the listener after the lists change. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void
  close(): Promise<void>
}

const QUIET_MS = 300
const AGAIN_MS = 2000
/** Folders inspected concurrently. */
const CONCURRENT = 8

const byId = (a: { readonly modelId: string }, b: { readonly modelId: string }): number =>
  a.modelId < b.modelId ? -1 : 1

/** Picks one folder per model: a runnable one before one that is not, then in order of the stores. */
const preferred = (inspections: readonly Inspection[]): Inspection[] => {
  const rank = (one: Inspection): number =>
    one.status === 'model' || one.status === 'adapter' ? (one.model.problem === undefined ? 0 : 1) : 2
  const best = new Map<string, Inspection>()
  for (const inspection of inspections) {
    if (inspection.status === 'none') continue
    const known = best.get(inspection.model.modelId)
    if (!known || rank(inspection) < rank(known)) best.set(inspection.model.modelId, inspection)
  }
  return [...best.values()]
}

/**
 * Opens the catalogue of models in our own store, the Hugging Face cache and LM Studio's folders. Scans at once and
 * follows changes. Folders of other programs are never written.
 */
export const openCatalogue = (options: CatalogueOptions): Catalogue => {
  const known = new Inspections(options)
  const listeners = new Set<() => void>()
  let models: readonly CatalogueModel[] = []
  let unreadable: readonly UnreadableModel[] = []
  let adapters: readonly CatalogueAdapter[] = []
  let scanning: Promise<void> | undefined
  let closed = false

  const inspect = async (candidate: Candidate): Promise<Inspection> => trials.amend(await known.inspect(candidate))

  const publish = (inspections: readonly Inspection[]): void => {
    const chosen = preferred(inspections)
    const before = JSON.stringify([models, unreadable, adapters])
    models = chosen.flatMap((one) => (one.status === 'model' ? [one.model] : [])).sort(byId)
    unreadable = chosen.flatMap((one) => (one.status === 'unreadable' ? [one.model] : [])).sort(byId)
    adapters = chosen.flatMap((one) => (one.status === 'adapter' ? [one.model] : [])).sort(byId)
    if (JSON.stringify([models, unreadable, adapters]) !== before) for (const listener of listeners) listener()
  }

  const scan = async (): Promise<void> => {
    const { candidates, roots } = await findCandidates(options)
    const inspections: Inspection[] = []
    // Bounded concurrency: start-up needs disk and CPU for other work too.
    for (let at = 0; at < candidates.length; at += CONCURRENT) {
      if (closed) return
      inspections.push(...(await Promise.all(candidates.slice(at, at + CONCURRENT).map(inspect))))
    }
    if (closed) return
    known.retain(candidates)
    folders.set([...new Set([...roots, ...candidates.flatMap(({ path }) => [path, dirname(path)])])])
    publish(inspections)
    await known.keep()
  }

  const begin = async (): Promise<void> => {
    await known.load()
    await refresh()
  }

  /** Scans again by itself after a scan that the system was too short for. */
  let again: NodeJS.Timeout | undefined

  /** A scan that fails for a shortage changes nothing: folders that could not be listed are not empty. */
  const scanAsFarAsPossible = async (): Promise<void> => {
    try {
      await scan()
    } catch (error) {
      if (!isShortage(error)) throw error
      clearTimeout(again)
      if (!closed) again = setTimeout(() => void refresh(), options.againMs ?? AGAIN_MS).unref()
    }
  }

  const refresh = async (): Promise<void> => {
    // A running scan may have missed a change that the caller knows about, so wait for it and scan again.
    await scanning
    scanning ??= scanAsFarAsPossible().finally(() => {
      scanning = undefined
    })
    await scanning
  }

  const folders = watchFolders({ quietMs: options.quietMs ?? QUIET_MS, onChange: () => void refresh() })
  const trials = new ConversationTrials(options.tryConversation)
  /** Runs the check if it has not run for these files; a problem then appears in the lists. */
  const withVerdict = async (modelId: ModelId): Promise<CatalogueModel | undefined> => {
    const model = find(modelId)
    if (!model || model.problem !== undefined) return model
    const problem = await trials.problemOf(model)
    if (problem === undefined) return model
    await refresh()
    return { ...model, ...problem }
  }
  const find = (modelId: ModelId): CatalogueModel | undefined => models.find((one) => one.modelId === modelId)
  const held = (modelId: ModelId): CatalogueModel | CatalogueAdapter | undefined =>
    find(modelId) ?? adapters.find((one) => one.modelId === modelId)
  const findAny = (model: string): CatalogueModel | CatalogueAdapter | UnreadableModel | undefined =>
    [...models, ...adapters, ...unreadable].find(({ modelId }) => modelId === model)
  const ready = begin()

  return {
    ready,
    list: () => models,
    unreadable: () => unreadable,
    adapters: () => adapters,
    find,
    held,
    problemOf: (model) => findAny(model)?.problem,
    problemOfOwn: (modelId) => {
      const own = findAny(modelId)
      return own?.source === 'muster' ? own.problem : undefined
    },
    card: async (modelId) => {
      await ready
      await refresh()
      const model = await withVerdict(modelId)
      if (model && model.problem === undefined) return { status: 'loaded', card: model.card }
      const adapter = adapters.find((one) => one.modelId === modelId)
      if (adapter && adapter.problem === undefined)
        return { status: 'adapter', card: { modelId, storageBytes: adapter.storageBytes } }
      const broken = model ?? adapter ?? unreadable.find((one) => one.modelId === modelId)
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
      clearTimeout(again)
      folders.close()
      await scanning
    },
  }
}
