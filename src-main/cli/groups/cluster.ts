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
    does: 'list, create and revoke API keys',
    examples: [['muster key create editor', 'prints the key, once']],
  })
  nodeCommand(key, {
    usage: 'list',
    does: 'list the API keys with their limits and usage',
    examples: [['muster key list --json', 'with the usage by model']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/key-list'), flags)))
  nodeCommand(key, {
    usage: 'create <new-name>',
    does: 'create an API key and print it once; limits apply at each node separately',
    examples: [
      ['muster key create editor', 'without limits'],
      ['muster key create ci --requests-per-minute 60 --concurrent 2', 'with limits'],
    ],
  })
    .option('--requests-per-minute <number>', 'limit of requests', positive)
    .option('--tokens-per-minute <number>', 'limit of tokens in prompts and answers', positive)
    .option('--concurrent <number>', 'limit of concurrent requests, including queued ones', positive)
    .action(async (name: string, flags: KeyLimitFlags) =>
      finish(await runOnNode(() => import('../commands/key-create'), { ...flags, name })),
    )
  nodeCommand(key, {
    usage: 'revoke <name>',
    does: 'revoke an API key and delete its usage, after confirmation',
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
    does: 'print recent events of the cluster',
    examples: [
      ['muster events -f', 'then new ones, across restarts of the node'],
      ['muster events -f --json -n 0', 'new events only, one per line'],
    ],
  })
    .option('-f, --follow', 'go on until Ctrl-C', false)
    .option('-n, --lines <number>', 'how many of the past', whole, 50)
    .option('-a, --all', 'include the reports of load and memory; --json always does', false)
    .action(async (flags: FollowFlags & { readonly all: boolean }) =>
      finish(await runOnNode(() => import('../commands/events'), flags)),
    )
  nodeCommand(program, {
    usage: 'logs',
    does: 'print the node’s log',
    examples: [
      ['muster logs -n 20', 'the last 20 lines'],
      ['muster logs -f', 'then new ones, across restarts of the node'],
    ],
  })
    .option('-f, --follow', 'go on until Ctrl-C', false)
    .option('-n, --lines <number>', 'how many of the past', whole, 100)
    .action(async (flags: FollowFlags) => finish(await runOnNode(() => import('../commands/logs'), flags)))
}

const addDrain = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'drain <machine>',
    does: 'move a machine’s models to other machines and place no new ones on it, so that it can sleep or be updated',
    examples: [
      ['muster drain studio', 'waits until it is empty; exits with 1 if a model cannot move'],
      ['muster drain studio --dry-run', 'shows where each of its models would move'],
      ['muster drain studio --undo', 'allows models on it again'],
    ],
  })
    .option('--undo', 'allow models on it again', false)
    .option('--dry-run', 'only show what would happen to its models', false)
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
    does: 'list the machines of the cluster with their memory and problems',
    examples: [['muster nodes --json', 'for a program']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/nodes'), flags)))
  nodeCommand(program, {
    usage: 'top',
    does: 'show machines, declarations and requests, updated every second',
    examples: [
      ['muster top', 'until Ctrl-C'],
      ['muster top --once', 'prints it once and exits'],
    ],
  })
    .option('--once', 'show it once', false)
    .action(async (flags: TopOptions) => finish(await runOnNode(() => import('../commands/top'), flags)))
  addDrain(group)
  addFollowed(group)
  addKeys(group)
  nodeCommand(program, {
    usage: 'invite',
    does: 'print a single-use invitation token for one machine, valid for ten minutes',
    examples: [['muster invite', 'on a machine of the cluster']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/invite'), flags)))
  nodeCommand(program, {
    usage: 'join <where>',
    does: 'join a cluster with an invitation token, or ask the machine at an address',
    examples: [
      ['muster join muster…', 'with the token that `muster invite` printed there'],
      ['muster join 192.168.1.20:52417', 'asks for admission; a user there compares six digits'],
    ],
  }).action(async (where: string, flags: CommonOptions) =>
    finish(await runOnNode(() => import('../commands/join'), { ...flags, where })),
  )
  nodeCommand(program, {
    usage: 'leave',
    does: 'remove this machine from its cluster, after confirmation; it becomes a cluster of its own',
    examples: [['muster leave', 'on the machine that leaves']],
  })
    .option('-y, --yes', 'do not ask', false)
    .action(async (flags: CommonOptions & { readonly yes: boolean }) =>
      finish(await runOnNode(() => import('../commands/leave'), flags)),
    )
  nodeCommand(program, {
    usage: 'doctor',
    does: 'print the problems of the cluster with cause and remedy',
    examples: [['muster doctor || echo look', 'exits with 1 if there are problems']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/doctor'), flags)))
}
