import { ToolConfigPreview, ToolConfigsResponse, type ToolConfigView, type WritableTool } from '@core/protocols/connect'
import type { Api } from '../../api/access'

/** What a tool is to use. */
export interface WantedModel {
  readonly model: string
  readonly key?: string
}

/** Tool configurations on the node's machine; none if the page was opened on another machine. */
export class ToolConfigs {
  tools: readonly ToolConfigView[] = $state.raw([])
  /** The previewed change, its tool and what that is to use. */
  shown:
    { readonly tool: WritableTool; readonly wanted: WantedModel; readonly preview: ToolConfigPreview } | undefined =
    $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)

  constructor(private readonly api: Api) {}

  find(tool: WritableTool | undefined): ToolConfigView | undefined {
    return this.tools.find((one) => one.tool === tool)
  }

  async read(): Promise<void> {
    try {
      this.tools = (await this.api.get('/connect/tools', ToolConfigsResponse)).tools
    } catch {
      // From another machine nothing can be written; the text can be copied instead.
      this.tools = []
    }
  }

  show(tool: WritableTool, wanted: WantedModel): Promise<void> {
    return this.attempt(async () => {
      const preview = await this.api.post(`/connect/tools/${tool}/preview`, wanted, ToolConfigPreview)
      this.shown = { tool, wanted, preview }
    })
  }

  /** Writes what is shown, whatever was declared or renamed meanwhile. */
  write(): Promise<void> {
    const { shown } = this
    if (!shown) return Promise.resolve()
    return this.attempt(async () => {
      const json = { ...shown.wanted, digest: shown.preview.digest }
      this.tools = (await this.api.post(`/connect/tools/${shown.tool}`, json, ToolConfigsResponse)).tools
      this.shown = undefined
    })
  }

  undo(tool: WritableTool): Promise<void> {
    return this.attempt(async () => {
      await this.api.fetch(`/connect/tools/${tool}`, { method: 'DELETE' })
      await this.read()
    })
  }

  close(): void {
    this.shown = undefined
    this.problem = undefined
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.busy = true
    this.problem = undefined
    try {
      await action()
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }
}
