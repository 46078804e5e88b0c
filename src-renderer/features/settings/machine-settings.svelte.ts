import { NodeSettingsView, type ChangeNodeSettingsRequest } from '@core/protocols/node-settings'
import type { Api } from '../../api/access'

/** Settings of this page's machine: loading on request, and the prefix cache on disk. */
export class MachineSettings {
  /** Undefined until known, and for nodes of versions without these settings. */
  view: NodeSettingsView | undefined = $state.raw()

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: if it cannot be read, the option is hidden. */
  async read(): Promise<void> {
    this.view = await this.api.get('/node/settings', NodeSettingsView).catch(() => undefined)
  }

  /** Throws ApiError; the settings in force are shown then. */
  async change(changes: ChangeNodeSettingsRequest): Promise<void> {
    try {
      this.view = await this.api.patch('/node/settings', changes, NodeSettingsView)
    } catch (error) {
      await this.read()
      throw error
    }
  }

  isFixed(name: keyof NodeSettingsView['settings']): boolean {
    return this.view?.fixed.includes(name) ?? false
  }
}
