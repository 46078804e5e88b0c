import { findDeclaration } from '../api/declarations'
import { readState } from '../api/state'
import { instancesOf, nodeName } from '@core/state/bindings'
import type { CommandContext } from '../context'
import { CommandError, DONE, NOT_FOUND, type ExitCode } from '../exit-codes'
import type { NamedOptions } from './declaration-change'

/** Prints recent output of a declaration's runners on the node that is asked. */
export const run = async ({ name, json }: NamedOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const { metaInstanceId } = await findDeclaration(api, name)
  const state = await readState(api)
  const shards = instancesOf(state, metaInstanceId).flatMap((instance) => instance.shards)
  if (shards.length === 0)
    throw new CommandError(`${name} has no runner now`, {
      hint: 'See `muster history NAME`.',
      exitCode: NOT_FOUND,
    })
  const consoles = await Promise.all(
    shards.map(async ({ runnerId, nodeId, rank }) => {
      const machine = nodeName(state, nodeId)
      try {
        return {
          runnerId,
          nodeId,
          machine,
          rank,
          text: await api.text(`/runner/${encodeURIComponent(runnerId)}/console`),
        }
      } catch (error) {
        if (!(error instanceof CommandError) || error.exitCode !== NOT_FOUND) throw error
        return { runnerId, nodeId, machine, rank }
      }
    }),
  )
  if (json) await out.json({ id: metaInstanceId, consoles })
  else
    for (const { machine, rank, text } of consoles) {
      if (shards.length > 1) await out.line({ text: `Rank ${rank} on ${machine}`, style: 'bold' })
      if (text === undefined)
        await err.line(`The runner on ${machine} has its console on that machine: give its address with --url.`)
      else if (text === '') await err.line(`The runner on ${machine} has printed nothing.`)
      else await out.print(text, text.endsWith('\n') ? '' : '\n')
    }
  return consoles.some(({ text }) => text !== undefined) ? DONE : NOT_FOUND
}
