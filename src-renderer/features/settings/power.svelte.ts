import type { KeepAwake } from '@core/settings/keep-awake'
import { PowerView } from '@core/protocols/power'
import type { Api } from '../../api/access'

/** Whether this page's machine stays awake for its models. */
export class PowerSettings {
  /** Undefined until known, and for nodes of versions without this setting. */
  view: PowerView | undefined = $state.raw()

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: if it cannot be read, the option is hidden. */
  async read(): Promise<void> {
    this.view = await this.api.get('/node/power', PowerView).catch(() => undefined)
  }

  /** Throws ApiError; the setting in force is shown then. */
  async set(keepAwake: KeepAwake): Promise<void> {
    try {
      this.view = await this.api.patch('/node/power', { keepAwake }, PowerView)
    } catch (error) {
      await this.read()
      throw error
    }
  }
}
