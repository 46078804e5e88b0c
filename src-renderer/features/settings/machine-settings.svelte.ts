import { NodeSettingsView, type ChangeNodeSettingsRequest } from '@core/protocols/node-settings'
import type { Api } from '../../api/access'

/** Settings of this page's machine: loading on request, and the prefix cache on disk. */
export class MachineSettings {
  /** Undefined until known, and for nodes of versions without these settings. */
  view: NodeSettingsView | undefined = $state.raw()

  /** Requests: an answer that a later request has overtaken is not shown. */
  private asked = 0

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: what cannot be read stays as it is known, and is hidden before. */
  async read(): Promise<void> {
    await this.show(() => this.api.get('/node/settings', NodeSettingsView)).catch(() => undefined)
  }

  /** Throws ApiError; the settings in force are shown then. */
  async change(changes: ChangeNodeSettingsRequest): Promise<void> {
    try {
      await this.show(() => this.api.patch('/node/settings', changes, NodeSettingsView))
    } catch (error) {
      await this.read()
      throw error
    }
  }

  isFixed(name: keyof NodeSettingsView['settings']): boolean {
    return this.view?.fixed.includes(name) ?? false
  }

  private async show(ask: () => Promise<NodeSettingsView>): Promise<void> {
    const number = (this.asked += 1)
    const view = await ask()
    if (number === this.asked) this.view = view
  }
}
