import { statusOf } from '@core/state/status'
import { Control } from './control'
import { startHeadless, temporaryFolder, type HeadlessNode, type NodeLaunch } from './headless-node'

export interface ServingNode {
  readonly node: HeadlessNode
  readonly control: Control
  stop(): Promise<void>
}

export interface ServingOptions extends Omit<NodeLaunch, 'dataDir'> {
  readonly modelId: string
  /** Puts the model into the node's data folder. */
  readonly add: (dataDir: string) => unknown
  /** Further fields of the declaration. */
  readonly declaration?: Readonly<Record<string, unknown>>
}

/** A node with one model that is ready to answer. */
export const startServing = async (options: ServingOptions): Promise<ServingNode> => {
  const { modelId, add, declaration, ...launch } = options
  const folder = temporaryFolder()
  add(folder.path)
  const node = await startHeadless({ dataDir: folder.path, ...launch })
  const stop = async (): Promise<void> => {
    await node.stop()
    folder.dispose()
  }
  try {
    const control = new Control(node.url)
    const { metaInstanceId } = await control.declare(modelId, declaration)
    const isReady = (state: Parameters<Parameters<Control['until']>[1]>[0]): boolean => {
      const declared = state.metaInstances[metaInstanceId]
      return declared !== undefined && statusOf(state, declared).word === 'READY'
    }
    await control.until('READY', isReady, 240_000)
    return { node, control, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
