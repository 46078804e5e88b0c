import type { KeepAwake } from '@core/settings/keep-awake'
import { PowerView } from '@core/protocols/power'
import type { Api } from '../../api/access'

/** Whether this page's machine stays awake for its models. */
export class PowerSettings {
  /** Undefined until known, and for nodes of versions without this setting. */
  view: PowerView | undefined = $state.raw()

  /** Requests: an answer that a later request has overtaken is not shown. */
  private asked = 0

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: what cannot be read stays as it is known, and is hidden before. */
  async read(): Promise<void> {
    await this.show(() => this.api.get('/node/power', PowerView)).catch(() => undefined)
  }

  /** Throws ApiError; the setting in force is shown then. */
  async set(keepAwake: KeepAwake): Promise<void> {
    try {
      await this.show(() => this.api.patch('/node/power', { keepAwake }, PowerView))
    } catch (error) {
      await this.read()
      throw error
    }
  }

  private async show(ask: () => Promise<PowerView>): Promise<void> {
    const number = (this.asked += 1)
    const view = await ask()
    if (number === this.asked) this.view = view
  }
}
