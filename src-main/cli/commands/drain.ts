import { DrainView, WhatIfView } from '@core/protocols/cluster'
import { nodeName } from '@core/state/bindings'
import { modelsOnMachine } from '@core/state/drain'
import { followStates } from '../api/events'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, FAILED, type ExitCode } from '../exit-codes'
import { nodeBy } from '../names'
import { Progress } from '../terminal/progress'

export interface DrainFlags extends CommonOptions {
  readonly machine: string
  readonly undo: boolean
  readonly dryRun: boolean
  readonly wait: boolean
}

type WithoutMachine = WhatIfView['machines'][number]['declarations'][number]

/** `chat moves to mini, 21 tokens/s`. */
const effectText = (declaration: WithoutMachine, nameOf: (nodeId: string) => string): string => {
  if (declaration.fate === 'stops') {
    const what = declaration.others === undefined ? 'stops' : 'has one replica less'
    return `${declaration.name} ${what}: ${declaration.reason ?? 'no other placement is possible'}`
  }
  const { tokensPerSecond, nodeIds = [], ends = [] } = declaration
  const speed = tokensPerSecond === undefined ? '' : `, ${tokensPerSecond.toFixed(0)} tokens/s`
  const ending = ends.map(({ name, modelId }) => name ?? modelId).join(', ')
  const forIt = ends.length === 0 ? '' : `; ${ending} ${ends.length === 1 ? 'ends' : 'end'} for it`
  return `${declaration.name} moves to ${nodeIds.map(nameOf).join(', ')}${speed}${forIt}`
}

/** Drains a machine: moves its models elsewhere, keeps new ones away, and waits until it is empty. */
export const run = async (
  { machine, undo, dryRun, wait, json }: DrainFlags,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const state = await readState(api)
  const nodeId = nodeBy(state, machine)
  const name = nodeName(state, nodeId)
  if (dryRun) {
    const { machines } = await api.ask('/cluster/what-if', WhatIfView)
    const declarations = machines.find((one) => one.nodeId === nodeId)?.declarations ?? []
    if (json) await out.json({ nodeId, declarations })
    else
      for (const declaration of declarations)
        await out.line(
          effectText(
            declaration,
            (id) => Object.values(state.members).find((one) => one.nodeId === id)?.friendlyName ?? id,
          ),
        )
    if (!json && declarations.length === 0) await err.line(`Nothing runs on ${name}.`)
    return DONE
  }
  const path = `/cluster/members/${encodeURIComponent(nodeId)}/drain`
  let view = await api.ask(path, DrainView, { method: 'POST', body: { drained: !undo } })
  if (!undo && wait && !view.empty) {
    const progress = new Progress(err)
    const stop = new AbortController()
    try {
      for await (const now of followStates(api, {
        signal: stop.signal,
        onLost: (text) => progress.show('lost', text),
      })) {
        const remaining = modelsOnMachine(now, nodeId)
        // The remaining models will not move automatically: instances without a declaration, and declarations without
        // another place. The user must decide about those.
        if (remaining.every(({ metaInstanceId, stuck }) => metaInstanceId === undefined || stuck !== undefined)) break
        await progress.show(
          String(remaining.length),
          `Still on ${name}: ${remaining.map(({ label }) => label).join(', ')}`,
        )
      }
    } finally {
      stop.abort()
      await progress.end()
    }
    view = await api.ask(path, DrainView)
  }
  if (json) await out.json(view)
  else if (undo) await out.line(`${name} accepts models again.`)
  else if (view.empty) await out.line(`${name} is drained: it may sleep, be updated or be switched off.`)
  else {
    await out.line(`${name} accepts no more models. Still on it:`)
    for (const { label, stuck } of view.remaining)
      await out.line(`  ${label}${stuck === undefined ? '' : `: ${stuck}`}`)
  }
  return undo || view.empty || !wait ? DONE : FAILED
}
