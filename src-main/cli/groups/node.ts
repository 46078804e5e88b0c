import { Option, type Command } from 'commander'
import type { LoadOnRequest } from '@core/settings/node'
import type { UpdateFlags } from '../commands/update'
import { command, folder, port, runOnNode, whole, type Group } from '../define'
import { bundledRunner } from '../installed-app'
import type { SimulateFlags } from '../simulate'
import { standardStreams } from '../standard-streams'

interface ServeFlags {
  readonly dataDir?: string
  readonly host?: string
  readonly port?: number
  readonly name?: string
  readonly worker?: boolean
  readonly peerPort?: number
  readonly ollamaPort?: number
  readonly discovery?: boolean
  readonly loadOnRequest?: LoadOnRequest
  readonly onRequestIdle?: number
  readonly diskCache?: number
  readonly declarations?: string
  readonly offline?: boolean
  readonly peer?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly allowOrigin?: readonly string[]
  readonly welcome: boolean
}

/** Copy of the settings schema's values, because the schema is not loaded for help. A test keeps them equal. */
export const LOAD_ON_REQUEST: readonly LoadOnRequest[] = ['auto', 'on', 'off']

const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

const addServe = ({ program, finish }: Group): Command =>
  command(program, {
    usage: 'serve',
    does: 'run a node without a window',
    examples: [
      ['muster serve', 'for programs on this machine only'],
      ['muster serve --host 0.0.0.0', 'for the network; requests need a key'],
      ['muster serve --data-dir /tmp/try --port 0', 'a second node, for experiments'],
    ],
  })
    .option('--data-dir <dir>', 'the node’s data folder (MUSTER_DATA_DIR)', folder)
    .option(
      '--host <address>',
      'address to listen on; other than loopback, every request needs an API key (MUSTER_HOST)',
    )
    .option('--port <port>', 'port of the API, 0 for a free one (MUSTER_PORT)', port)
    .option('--peer-port <port>', 'port for other machines, 0 for a free one (MUSTER_PEER_PORT)', port)
    .option(
      '--ollama-port <port>',
      'a second port of the API, for programs that expect Ollama at 11434 (MUSTER_OLLAMA_PORT)',
      port,
    )
    .option('--no-discovery', 'do not discover machines on the local network, and do not announce this one')
    .option('--peer <host:port>', 'address of another member; may be given several times (MUSTER_PEERS)', collected)
    .option(
      '--allow-host <name>',
      'also accept requests to this host name or *.suffix; may be given several times (MUSTER_ALLOWED_HOSTS)',
      collected,
    )
    .option(
      '--allow-origin <origin>',
      'allow pages of this origin to use the API; may be given several times (MUSTER_ALLOWED_ORIGINS)',
      collected,
    )
    .addOption(
      new Option(
        '--load-on-request <when>',
        'load undeclared models that requests name; auto: only if the API is not open to the network (MUSTER_LOAD_ON_REQUEST)',
      ).choices(LOAD_ON_REQUEST),
    )
    .option(
      '--on-request-idle <seconds>',
      'how long such a model stays loaded after its last answer (MUSTER_ON_REQUEST_IDLE)',
      whole,
    )
    .option('--declarations <dir>', 'keep the declarations of the YAML files in this folder applied', folder)
    .option('--disk-cache <gigabytes>', 'size of the prompt cache on disk, 0 for none (MUSTER_DISK_CACHE)', whole)
    .option('--offline', 'never contact a model hub')
    .option('--name <name>', "this machine's display name (MUSTER_NAME)")
    .option('--no-worker', 'only coordinate: never run models here')
    .addOption(
      new Option('--welcome', 'print a welcome, and declare the starter model if nothing is declared').default(false),
    )
    .action(async (flags: ServeFlags) => {
      // Imported late: help and wrong use must not load a whole node.
      const { checkedLists } = await import('../serve-lists')
      const lists = checkedLists(flags)
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
