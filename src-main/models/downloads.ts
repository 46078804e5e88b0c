import type { ModelId, NodeId } from '@core/ids'
import type { ErrorCode } from '@core/errors/error-codes'
import { neededModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import type { CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import type { Catalogue } from './catalogue'
import type { Fetcher } from './fetching/fetcher'
import type { Hub } from './hub/hub'
import { HubError } from './hub/hub-error'
import { holdersOf } from './card-finder'
import { OutsideError } from '../disk/below'
import { removeBelow } from '../disk/removal'
import { ownPlace } from './stores/own-store'

/** A download command cannot be carried out. */
export class DownloadError extends Error {
  constructor(
    /** `not_found`, `in_use`, `not_ours`, `invalid`, `unreachable`, or an error code of the hub. */
    readonly code: ErrorCode,
    message: string,
    readonly hint: string,
  ) {
    super(message)
    this.name = 'DownloadError'
  }
}

export interface DownloadsParts {
  readonly nodeId: NodeId
  readonly modelsDir: string
  readonly catalogue: Pick<Catalogue, 'held' | 'unreadable' | 'refresh'>
  readonly fetcher: Pick<Fetcher, 'ask' | 'cancel' | 'pause' | 'isPaused'>
  readonly hub: Pick<Hub, 'described'>
  /** A message naming machines that had the model and are offline; undefined if none is known. */
  readonly away: (modelId: ModelId) => CodedText | undefined
  readonly state: () => State
}

const refuse = (error: unknown): never => {
  if (!(error instanceof OutsideError)) throw error
  throw new DownloadError('not_ours', error.message, `Delete it by hand, or remove ${error.path} first.`)
}

/** Commands on models on this machine's disk: download, pause, resume, delete. */
export class Downloads {
  constructor(private readonly parts: DownloadsParts) {}

  /** Starts a download. Rejects with DownloadError or HubError if the model is not available. */
  async start(modelId: ModelId): Promise<void> {
    const { catalogue, fetcher, hub, modelsDir, nodeId, state } = this.parts
    if (!ownPlace(modelsDir, modelId))
      throw new DownloadError('invalid', `${modelId} is not a valid model name`, 'Expected OWNER/NAME.')
    await catalogue.refresh()
    const here = catalogue.held(modelId)
    if (here && here.problem === undefined) return
    const holders = holdersOf(state(), modelId).filter((holder) => holder !== nodeId)
    // Checks that the hub describes a model that can be run, so that no other is downloaded.
    if (holders.length === 0) await hub.described(modelId).catch((error: unknown) => this.notOnHub(modelId, error))
    await fetcher.ask(modelId)
  }

  /** Throws the hub's error, preceded by the offline machines that have the model, because those can be started. */
  private notOnHub(modelId: ModelId, error: unknown): never {
    const away = this.parts.away(modelId)
    if (!(error instanceof HubError) || away === undefined) throw error
    throw new DownloadError(error.code, `${inEnglish(away)}. ${error.message}`, `Start that machine, or: ${error.hint}`)
  }

  /** Pauses a download; it stays paused over restarts. Rejects with DownloadError if there is none. */
  async pause(modelId: ModelId): Promise<void> {
    if (!(await this.parts.fetcher.pause(modelId))) throw this.noDownload(modelId)
  }

  /** Resumes a paused download. Rejects with DownloadError if there is none. */
  async resume(modelId: ModelId): Promise<void> {
    const { fetcher } = this.parts
    if (!fetcher.isPaused(modelId)) throw this.noDownload(modelId)
    await fetcher.ask(modelId)
  }

  private noDownload(modelId: ModelId): DownloadError {
    return new DownloadError(
      'not_found',
      `This machine has no such download of ${modelId}`,
      '`muster downloads` lists running and paused downloads.',
    )
  }

  /** Cancels a download, or deletes the copy in our own store. Rejects with DownloadError. */
  async remove(modelId: ModelId): Promise<void> {
    const { catalogue, fetcher, modelsDir, nodeId, state } = this.parts
    const used = Object.values(state().instances).find((one) => neededModels(one, nodeId).includes(modelId))
    if (used) {
      throw new DownloadError(
        'in_use',
        `${modelId} is in use on this machine`,
        'Pause or delete its declarations first.',
      )
    }
    await catalogue.refresh()
    const here = catalogue.held(modelId) ?? catalogue.unreadable().find((one) => one.modelId === modelId)
    const existed = await fetcher.cancel(modelId).catch(refuse)
    const place = ownPlace(modelsDir, modelId)
    if (here?.source === 'muster' && place && here.path === place.path) {
      await removeBelow(modelsDir, [place.owner, place.name]).catch(refuse)
      await catalogue.refresh()
      return
    }
    if (existed) return
    if (here) {
      throw new DownloadError(
        'not_ours',
        `${modelId} is in a folder of another program (${here.path})`,
        'Delete it by hand or with that program; Muster changes nothing there.',
      )
    }
    throw new DownloadError('not_found', `${modelId} is not on this machine`, 'GET /models lists the models.')
  }
}
