import type { CommonOptions } from '../context'
import { nodeCommand, runOnNode, type Group } from '../define'

/** The machines, and what is the matter with them. */
export const addClusterCommands = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'invite',
    does: 'print a token that lets one machine into this cluster, once, within ten minutes',
    examples: [['muster invite', 'on a machine of the cluster']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/invite'), flags)))
  nodeCommand(program, {
    usage: 'join <where>',
    does: 'join the cluster that gave the token, or ask the machine at that address',
    examples: [
      ['muster join muster…', 'with the token that `muster invite` printed there'],
      ['muster join 192.168.1.20:52417', 'asks; a person there compares six digits'],
    ],
  }).action(async (where: string, flags: CommonOptions) =>
    finish(await runOnNode(() => import('../commands/join'), { ...flags, where })),
  )
  nodeCommand(program, {
    usage: 'leave',
    does: 'take this machine out of its cluster; it goes on alone',
    examples: [['muster leave', 'on the machine that is to leave']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/leave'), flags)))
  nodeCommand(program, {
    usage: 'doctor',
    does: 'print what is wrong with the cluster, why, and how it is put right',
    examples: [['muster doctor || echo look', 'ends with 1 where something is wrong']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/doctor'), flags)))
}
