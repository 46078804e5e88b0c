import { Option, type Command } from 'commander'
import type { UpdateFlags } from '../commands/update'
import { command, folder, runOnNode, whole, type Group } from '../define'
import { bundledRunner } from '../installed-app'
import type { SimulateFlags } from '../simulate'
import { standardStreams } from '../standard-streams'
import { withServeOptions, type ServeFlags } from './serve-options'

const addServe = ({ program, finish }: Group): Command =>
  withServeOptions(
    command(program, {
      usage: 'serve',
      does: 'run a node without a window',
      examples: [
        ['muster serve', 'for programs on this machine only'],
        ['muster serve --host 0.0.0.0', 'for the network; requests need a key'],
        ['muster serve --data-dir /tmp/try --port 0', 'a second node, for experiments'],
      ],
    }),
  ).action(async (flags: ServeFlags) => {
    // Imported late: help and wrong use must not load a whole node.
    const { checkedValues } = await import('../serve-values')
    const lists = checkedValues(flags)
    const [{ serve }, { startNode }] = await Promise.all([import('../serve'), import('../../node/index')])
    const { worker, discovery, peer: _peer, allowHost: _host, allowOrigin: _origin, ...rest } = flags
    const { onRequestIdle: onRequestIdleSeconds, diskCache: diskCacheGigabytes, ...given } = rest
    // Flags only switch off; otherwise the settings decide.
    const off = { ...(worker === false && { worker }), ...(discovery === false && { discovery }) }
    finish(
      await serve({ ...given, ...off, ...lists, onRequestIdleSeconds, diskCacheGigabytes }, (options) =>
        startNode({ ...options, bundledRunner: bundledRunner() }),
      ),
    )
  })

interface ServiceFlags {
  readonly system: boolean
  readonly json: boolean
}

const addService = ({ program, finish }: Group): void => {
  const service = command(program, {
    usage: 'service',
    does: 'run a node as a system service (launchd on a Mac, systemd on Linux)',
    examples: [
      ['muster service install -- --host 0.0.0.0', 'with options of muster serve'],
      ['sudo muster service install --system', 'from boot, without a login'],
    ],
  })
  const ACTIONS = [
    ['install', 'install [serve...]', 'start it now, and at boot or login'],
    ['uninstall', 'uninstall', 'stop it, and do not start it again'],
    ['restart', 'restart', 'restart it without unloading its models'],
    ['status', 'status', 'show whether it is installed and running; exits with 1 if it is not running'],
  ] as const
  for (const [action, usage, does] of ACTIONS)
    command(service, { usage, does, examples: [[`muster service ${action}`, 'for this user']] })
      .option('--system', 'for the whole machine; needs root', false)
      .option('--json', 'print JSON', false)
      .action(async (...given: [string[] | ServiceFlags, ServiceFlags?]) => {
        const [serve, flags] = Array.isArray(given[0]) ? [given[0], given[1]] : [[], given[0]]
        const { system = false, json = false } = flags ?? {}
        finish(await runOnNode(() => import('../commands/service'), { action, serve, system, json }))
      })
}

const addUpdate = ({ program, finish }: Group): void => {
  command(program, {
    usage: 'update [package]',
    does: 'install another version in the way this one was installed, and restart the service without unloading its models',
    examples: [
      ['muster update', 'the newest one, by Homebrew'],
      ['muster update muster-1.2.3.tgz', 'the package of a release, or its address, by npm'],
    ],
  })
    .option('--dry-run', 'only print the command that would run', false)
    .option('--json', 'print JSON', false)
    .action(async (name: string | undefined, flags: Omit<UpdateFlags, 'package'>) =>
      finish(await runOnNode(() => import('../commands/update'), { ...flags, package: name })),
    )
}

const addSimulate = ({ program, finish }: Group): Command =>
  command(program, {
    usage: 'simulate [scenario.json]',
    does: 'run a scenario (- for standard input), or random ones, through the real core on a virtual clock',
    examples: [
      ['muster simulate scenario.json --trace', 'prints what happens'],
      ['muster simulate --chaos --seed 7', 'generates a schedule and checks the invariants'],
    ],
  })
    .option('--trace', 'print a log for people instead of JSON lines', false)
    .option('--chaos', 'generate random schedules and check the invariants', false)
    .option('--seed <number>', 'of the first random schedule', whole, 1)
    .option('--steps <number>', 'in each random schedule', whole, 200)
    .option('--nodes <number>', 'in each random schedule', whole, 5)
    .addOption(
      new Option('--deciders <who>', 'one master, or all machines; without it every third schedule has all').choices([
        'one',
        'all',
      ]),
    )
    .option('--schedules <number>', 'how many random schedules, each with the next seed', whole, 1)
    .option('--as-scenario', 'print the random schedule as a scenario, without running more than that one', false)
    .action(async (path: string | undefined, flags: SimulateFlags) => {
      const [{ simulate, simulateChaos }, { WRONG_USE }] = await Promise.all([
        import('../simulate'),
        import('../exit-codes'),
      ])
      if (flags.chaos === (path !== undefined))
        program.error('error: give either a scenario or --chaos', { exitCode: WRONG_USE })
      else
        finish(
          await (path === undefined ? simulateChaos(flags, standardStreams) : simulate(path, flags, standardStreams)),
        )
    })

/** Defines the commands that run on this machine without a running node. */
export const addNodeCommands = (group: Group): void => {
  addServe(group)
  addService(group)
  addUpdate(group)
  command(group.program, {
    usage: 'new-identity',
    does: 'give this machine a new identity, if its data folder was copied from another one',
    examples: [['muster new-identity', 'moves the former identity aside']],
  })
    .option('--data-dir <dir>', 'the node’s data folder (MUSTER_DATA_DIR)', folder)
    .option('--json', 'print JSON', false)
    .action(async (flags: { readonly dataDir?: string; readonly json: boolean }) => {
      const { newIdentity } = await import('../new-identity')
      group.finish(await newIdentity(flags, standardStreams))
    })
  addSimulate(group)
}
