import type { KeepAwake } from '@core/settings/keep-awake'
import { PowerView } from '@core/protocols/power'
import type { Api } from '../../api/access'

/** Whether the machine that answers this page stays awake for its models. */
export class PowerSettings {
  /** Undefined while it is not known, or where the node is of a version that has no such setting. */
  view: PowerView | undefined = $state.raw()

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: where it cannot be read it is not offered. */
  async read(): Promise<void> {
    this.view = await this.api.get('/node/power', PowerView).catch(() => undefined)
  }

  /** Throws ApiError; what is in force is shown then. */
  async set(keepAwake: KeepAwake): Promise<void> {
    try {
      this.view = await this.api.patch('/node/power', { keepAwake }, PowerView)
    } catch (error) {
      await this.read()
      throw error
    }
  }
}
