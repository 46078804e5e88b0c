import type { CommonOptions } from '../context'
import type { DrainFlags } from '../commands/drain'
import type { TopOptions } from '../commands/top'
import { command, nodeCommand, positive, runOnNode, whole, type Group } from '../define'

interface FollowFlags extends CommonOptions {
  readonly follow: boolean
  readonly lines: number
}

interface KeyLimitFlags extends CommonOptions {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  readonly concurrent?: number
}

const addKeys = ({ program, finish }: Group): void => {
  const key = command(program, {
    usage: 'key',
    does: 'list, make and revoke API keys',
    examples: [['muster key create editor', 'prints the key, once']],
  })
  nodeCommand(key, {
    usage: 'list',
    does: 'list the API keys with their limits and what was used of them',
    examples: [['muster key list --json', 'with the usage by model']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/key-list'), flags)))
  nodeCommand(key, {
    usage: 'create <new-name>',
    does: 'make an API key and print it, once; limits hold at each node',
    examples: [
      ['muster key create editor', 'without limits'],
      ['muster key create ci --requests-per-minute 60 --concurrent 2', 'with limits'],
    ],
  })
    .option('--requests-per-minute <number>', 'how often it may ask', positive)
    .option('--tokens-per-minute <number>', 'of prompts and answers', positive)
    .option('--concurrent <number>', 'requests at a time, those that wait included', positive)
    .action(async (name: string, flags: KeyLimitFlags) =>
      finish(await runOnNode(() => import('../commands/key-create'), { ...flags, name })),
    )
  nodeCommand(key, {
    usage: 'revoke <name>',
    does: 'revoke an API key, after asking; its usage goes with it',
    examples: [['muster key revoke ci --yes', 'without asking']],
  })
    .option('-y, --yes', 'do not ask', false)
    .action(async (name: string, flags: CommonOptions & { readonly yes: boolean }) =>
      finish(await runOnNode(() => import('../commands/key-revoke'), { ...flags, name })),
    )
}

const addFollowed = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'events',
    does: 'print what happened lately in the cluster',
    examples: [
      ['muster events -f', 'and what goes on, across restarts of the node'],
      ['muster events -f --json -n 0', 'one event in each line, from now on'],
    ],
  })
    .option('-f, --follow', 'go on until Ctrl-C', false)
    .option('-n, --lines <number>', 'how many of the past', whole, 50)
    .option('-a, --all', 'with the reports of load and memory; --json has them always', false)
    .action(async (flags: FollowFlags & { readonly all: boolean }) =>
      finish(await runOnNode(() => import('../commands/events'), flags)),
    )
  nodeCommand(program, {
    usage: 'logs',
    does: 'print the log of the node that is asked',
    examples: [
      ['muster logs -n 20', 'the last 20 lines'],
      ['muster logs -f', 'and those to come, across restarts of the node'],
    ],
  })
    .option('-f, --follow', 'go on until Ctrl-C', false)
    .option('-n, --lines <number>', 'how many of the past', whole, 100)
    .action(async (flags: FollowFlags) => finish(await runOnNode(() => import('../commands/logs'), flags)))
}

const addDrain = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'drain <machine>',
    does: 'move a machine’s models elsewhere, so that it may sleep or be updated; nothing new is placed on it',
    examples: [
      ['muster drain studio', 'waits until it is empty; ends with 1 where something cannot move'],
      ['muster drain studio --dry-run', 'says where each of its models would go'],
      ['muster drain studio --undo', 'lets models on it again'],
    ],
  })
    .option('--undo', 'let models on it again', false)
    .option('--dry-run', 'only say what would become of its models', false)
    .option('--no-wait', 'do not wait until it is empty')
    .action(async (machine: string, flags: Omit<DrainFlags, 'machine'>) =>
      finish(await runOnNode(() => import('../commands/drain'), { ...flags, machine })),
    )
}

/** Defines commands about machines and their problems. */
export const addClusterCommands = (group: Group): void => {
  const { program, finish } = group
  nodeCommand(program, {
    usage: 'nodes',
    does: 'list the machines of the cluster, with their memory and what keeps them from working',
    examples: [['muster nodes --json', 'for a program']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/nodes'), flags)))
  nodeCommand(program, {
    usage: 'top',
    does: 'show machines, declarations and requests, once a second',
    examples: [
      ['muster top', 'until Ctrl-C'],
      ['muster top --once', 'and end'],
    ],
  })
    .option('--once', 'show it once', false)
    .action(async (flags: TopOptions) => finish(await runOnNode(() => import('../commands/top'), flags)))
  addDrain(group)
  addFollowed(group)
  addKeys(group)
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
    does: 'take this machine out of its cluster, after asking; it goes on alone',
    examples: [['muster leave', 'on the machine that is to leave']],
  })
    .option('-y, --yes', 'do not ask', false)
    .action(async (flags: CommonOptions & { readonly yes: boolean }) =>
      finish(await runOnNode(() => import('../commands/leave'), flags)),
    )
  nodeCommand(program, {
    usage: 'doctor',
    does: 'print what is wrong with the cluster, why, and how it is put right',
    examples: [['muster doctor || echo look', 'ends with 1 where something is wrong']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/doctor'), flags)))
}
