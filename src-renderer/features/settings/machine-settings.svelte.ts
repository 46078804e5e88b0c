import { NodeSettingsView, type ChangeNodeSettingsRequest } from '@core/protocols/node-settings'
import type { Api } from '../../api/access'

/** Settings of the machine that answers this page: loading on request, and what it keeps of prompts on its disk. */
export class MachineSettings {
  /** Undefined while it is not known, or where the node is of a version that has no such settings. */
  view: NodeSettingsView | undefined = $state.raw()

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: where it cannot be read it is not offered. */
  async read(): Promise<void> {
    this.view = await this.api.get('/node/settings', NodeSettingsView).catch(() => undefined)
  }

  /** Throws ApiError; what is in force is shown then. */
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
