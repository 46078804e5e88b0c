import type { ModelId, NodeId } from '@core/ids'
import type { ErrorCode } from '@core/errors/error-codes'
import { neededModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import type { Catalogue } from './catalogue'
import type { Fetcher } from './fetching/fetcher'
import type { Hub } from './hub/hub'
import { HubError } from './hub/hub-error'
import { holdersOf } from './card-finder'
import { OutsideError } from '../disk/below'
import { removeBelow } from '../disk/removal'
import { ownPlace } from './own-store'

/** What was asked for cannot be done. */
export class DownloadError extends Error {
  constructor(
    /** `not_found`, `in_use`, `not_ours`, `invalid`, `unreachable`, or the hub's. */
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
  readonly catalogue: Pick<Catalogue, 'find' | 'unreadable' | 'refresh'>
  readonly fetcher: Pick<Fetcher, 'ask' | 'cancel' | 'pause' | 'isPaused'>
  readonly hub: Pick<Hub, 'card'>
  /** Machines that had a model and are away, in a sentence; undefined where none is known. */
  readonly away: (modelId: ModelId) => string | undefined
  readonly state: () => State
}

const refuse = (error: unknown): never => {
  if (!(error instanceof OutsideError)) throw error
  throw new DownloadError('not_ours', error.message, `Delete it yourself where it lies, or remove ${error.path} first.`)
}

/** What people do about the models on this machine's disk. */
export class Downloads {
  constructor(private readonly parts: DownloadsParts) {}

  /** Begins to bring the model here. Rejects with DownloadError or HubError where it cannot be had. */
  async start(modelId: ModelId): Promise<void> {
    const { catalogue, fetcher, hub, modelsDir, nodeId, state } = this.parts
    if (!ownPlace(modelsDir, modelId))
      throw new DownloadError('invalid', `${modelId} is no name of a model`, 'Such a name is OWNER/NAME.')
    await catalogue.refresh()
    const here = catalogue.find(modelId)
    if (here && here.problem === undefined) return
    const holders = holdersOf(state(), modelId).filter((holder) => holder !== nodeId)
    // Whatever could not be run is not worth the time and the space.
    if (holders.length === 0) await hub.card(modelId).catch((error: unknown) => this.notOnHub(modelId, error))
    await fetcher.ask(modelId)
  }

  /** Throws why the hub does not give it; first who has it, as that machine can be started. */
  private notOnHub(modelId: ModelId, error: unknown): never {
    const away = this.parts.away(modelId)
    if (!(error instanceof HubError) || away === undefined) throw error
    throw new DownloadError(error.code, `${away}. ${error.message}`, `Start that machine, or: ${error.hint}`)
  }

  /** What comes stands still, also after a restart. Rejects with DownloadError where nothing comes. */
  async pause(modelId: ModelId): Promise<void> {
    if (!(await this.parts.fetcher.pause(modelId))) throw this.nothingComes(modelId)
  }

  /** What was paused goes on. Rejects with DownloadError where nothing was. */
  async resume(modelId: ModelId): Promise<void> {
    const { fetcher } = this.parts
    if (!fetcher.isPaused(modelId)) throw this.nothingComes(modelId)
    await fetcher.ask(modelId)
  }

  private nothingComes(modelId: ModelId): DownloadError {
    return new DownloadError(
      'not_found',
      `No such download of ${modelId} is on this machine`,
      '`muster downloads` lists what is coming, and what is paused.',
    )
  }

  /** Ends a download, or deletes what is here of a model in our own folder. Rejects with DownloadError. */
  async remove(modelId: ModelId): Promise<void> {
    const { catalogue, fetcher, modelsDir, nodeId, state } = this.parts
    const used = Object.values(state().instances).find((one) => neededModels(one, nodeId).includes(modelId))
    if (used) {
      throw new DownloadError(
        'in_use',
        `${modelId} is in use on this machine`,
        'Pause or delete what is kept running with it first.',
      )
    }
    await catalogue.refresh()
    const here = catalogue.find(modelId) ?? catalogue.unreadable().find((one) => one.modelId === modelId)
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
        `${modelId} lies where Muster only reads (${here.path})`,
        'Delete it there, or with the program that put it there; Muster changes nothing there.',
      )
    }
    throw new DownloadError('not_found', `Nothing of ${modelId} is on this machine`, 'GET /models lists what is.')
  }
}
