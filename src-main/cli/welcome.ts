import { randomUUID } from 'node:crypto'
import type { Command } from '@core/commands/command'
import type { Envelope } from '@core/events/event'
import { CommandId, MetaInstanceId, type ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { DEFAULT_PREFERENCE } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'

/** What the welcome needs of a running node. */
export interface WelcomedNode {
  readonly url: string
  readonly source: { state(): State; subscribe(listener: (envelope: Envelope) => void): () => void }
  readonly commands: { submit(command: Command, options: { commandId: CommandId }): Promise<{ status: string }> }
  readonly catalogue: { list(): readonly CatalogueModel[] }
  /** Why no model can run here; undefined if one can. */
  cannotRun(): { readonly reason: string } | undefined
}

/** A curl command that asks a question which the starter model can answer. */
const curlFor = (url: string, model: string): string =>
  [
    `curl ${url}/v1/chat/completions \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d '{"model": "${model}", "temperature": 0, "messages": [{"role": "user", "content": "What is the capital of France?"}]}'`,
  ].join('\n')

const declareStarter = async (node: WelcomedNode, modelId: ModelId): Promise<void> => {
  await node.commands.submit(
    {
      type: 'CreateMetaInstance',
      metaInstanceId: MetaInstanceId.parse(randomUUID()),
      modelId,
      sharding: 'Pipeline',
      instanceMeta: 'MlxRing',
      minNodes: 1,
      placementPreference: DEFAULT_PREFERENCE,
      paused: false,
    },
    { commandId: CommandId.parse(randomUUID()) },
  )
}

/**
 * Welcomes a user who started a node by hand: declares the starter model if nothing is declared, prints each
 * declaration's progress to READY, and suggests a command to try. Returns a disposer.
 */
export const welcome = async (node: WelcomedNode, print: (line: string) => void): Promise<() => void> => {
  print(`Muster is running: ${node.url}`)
  const cannotRun = node.cannotRun()
  if (cannotRun) print(`No model can run here yet: ${cannotRun.reason}`)

  const shown = new Map<string, string>()
  let greeted = false
  const show = (): void => {
    const state = node.source.state()
    for (const metaInstance of Object.values(state.metaInstances)) {
      const { word, status, detail } = statusOf(state, metaInstance)
      const asked = metaInstance.onRequest ? ', on request' : ''
      const line = `${metaInstance.name ?? metaInstance.modelId}: ${status} (${detail}${asked})`
      const serving = word === 'READY' || word === 'RUNNING'
      // A declaration that serves requests is not reported again.
      const report = serving ? `${metaInstance.metaInstanceId} serves ${detail}` : line
      if (shown.get(metaInstance.metaInstanceId) === report) continue
      shown.set(metaInstance.metaInstanceId, report)
      print(line)
      if (serving && !greeted) {
        greeted = true
        print(
          `\nTry it:\n\n${curlFor(node.url, metaInstance.name ?? metaInstance.modelId)}\n\nOr open ${node.url} in a browser.`,
        )
      }
    }
  }
  const dispose = node.source.subscribe(show)
  if (Object.keys(node.source.state().metaInstances).length === 0) {
    const starter = node.catalogue.list().find((model) => model.starter && model.problem === undefined)
    if (starter) await declareStarter(node, starter.modelId)
    else
      print('Nothing is declared, and the starter model is not on this machine: run `npm start` again to download it.')
  }
  show()
  return dispose
}
