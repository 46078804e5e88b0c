import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { ZodType } from 'zod'
import { AllowedHost } from '@core/settings/allowed-host'
import { AllowedOrigin } from '@core/settings/allowed-origin'
import { LoadOnRequest } from '@core/settings/node'
import { PeerAddressText } from '@core/settings/peer-address'
import { version } from '../version'
import { failureText } from './failure'
import type { RemoteFlags } from './remote'
import type { SimulateFlags } from './simulate'

const DONE = 0
const FAILED = 1
const WRONG_USE = 2

const port = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 picks a free one.')
  return value
}

/** An option that may be given several times, each time with one value of the schema. */
const several =
  (schema: ZodType<string, string>) =>
  (text: string, before: readonly string[] = []): readonly string[] => {
    const { data, error } = schema.safeParse(text)
    if (data === undefined) throw new InvalidArgumentError(error?.issues[0]?.message ?? 'not usable')
    return [...before, data]
  }

const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.')
  return Number(text)
}

const standardStreams = {
  out: (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  error: (text: string): void => void process.stderr.write(text),
}

const buildProgram = (finish: (code: number) => void): Command => {
  const program = new Command('muster')
    .description('Turns the machines you own into one local LLM service.')
    .version(version)
    .exitOverride()
  program
    .command('serve')
    .description('run a node without a window')
    .option('--data-dir <dir>', 'where everything this node keeps is (MUSTER_DATA_DIR)')
    .option(
      '--host <address>',
      'address to listen on; other than loopback, every request needs an API key (MUSTER_HOST)',
    )
    .option('--port <port>', 'port of the API, 0 for a free one (MUSTER_PORT)', port)
    .option('--peer-port <port>', 'port for other machines, 0 for a free one (MUSTER_PEER_PORT)', port)
    .option(
      '--ollama-port <port>',
      'a second port of the API, for programs that look for Ollama at 11434 (MUSTER_OLLAMA_PORT)',
      port,
    )
    .option('--no-discovery', 'neither look for machines on the local network nor be found by them')
    .option(
      '--peer <host:port>',
      'where another member may be; may be given several times (MUSTER_PEERS)',
      several(PeerAddressText),
    )
    .option(
      '--allow-host <name>',
      'answer requests to this name or *.suffix too; may be given several times (MUSTER_ALLOWED_HOSTS)',
      several(AllowedHost),
    )
    .option(
      '--allow-origin <origin>',
      'let pages of this origin use the API; may be given several times (MUSTER_ALLOWED_ORIGINS)',
      several(AllowedOrigin),
    )
    .addOption(
      new Option(
        '--load-on-request <when>',
        'load a model that a request names and nobody has declared; auto: where only this machine can ask (MUSTER_LOAD_ON_REQUEST)',
      ).choices(LoadOnRequest.options),
    )
    .option(
      '--on-request-idle <seconds>',
      'keep such a model for so long after its last answer (MUSTER_ON_REQUEST_IDLE)',
      whole,
    )
    .option('--offline', 'never ask a model hub')
    .option('--name <name>', "this machine's name for people (MUSTER_NAME)")
    .option('--no-worker', 'only coordinate: no model is ever placed here')
    .addOption(
      new Option('--welcome', 'greet a person, and declare the starter model where nothing is declared').default(false),
    )
    .action(
      async (flags: {
        dataDir?: string
        host?: string
        port?: number
        name?: string
        worker?: boolean
        peerPort?: number
        ollamaPort?: number
        discovery?: boolean
        loadOnRequest?: LoadOnRequest
        onRequestIdle?: number
        offline?: boolean
        peer?: readonly string[]
        allowHost?: readonly string[]
        allowOrigin?: readonly string[]
        welcome: boolean
      }) => {
        // Only now: help and wrong use must not wait for a whole node to load.
        const [{ serve }, { startNode }] = await Promise.all([import('./serve'), import('../node')])
        // What is not switched off is left to the settings.
        const { worker, discovery, peer: peers, allowHost: allowedHosts, allowOrigin: allowedOrigins, ...rest } = flags
        const { onRequestIdle: onRequestIdleSeconds, ...given } = rest
        const off = { ...(worker === false && { worker }), ...(discovery === false && { discovery }) }
        finish(await serve({ ...given, ...off, peers, allowedHosts, allowedOrigins, onRequestIdleSeconds }, startNode))
      },
    )
  const remote = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--url <url>', 'the running node to talk to (MUSTER_URL)')
      .option('--json', 'print JSON', false)
  remote('invite', 'print a token that lets one machine into this cluster, once, within ten minutes').action(
    async (flags: RemoteFlags) => {
      const { invite } = await import('./membership')
      finish(await invite(flags, standardStreams))
    },
  )
  remote('join', 'join the cluster that gave the token, or ask the machine at that address')
    .argument('<token or host:port>')
    .action(async (where: string, flags: RemoteFlags) => {
      const { join } = await import('./membership')
      finish(await join(where, flags, standardStreams))
    })
  remote('leave', 'take this machine out of its cluster; it goes on alone').action(async (flags: RemoteFlags) => {
    const { leave } = await import('./membership')
    finish(await leave(flags, standardStreams))
  })
  remote('doctor', 'print what is wrong with the cluster, why, and how it is put right').action(
    async (flags: RemoteFlags) => {
      const { doctor } = await import('./doctor')
      finish(await doctor(flags, standardStreams))
    },
  )
  program
    .command('new-identity')
    .description('make this a new machine: for a data folder that was copied from another one')
    .option('--data-dir <dir>', 'where everything this node keeps is (MUSTER_DATA_DIR)')
    .action(async ({ dataDir }: { dataDir?: string }) => {
      const { newIdentity } = await import('./new-identity')
      finish(await newIdentity(dataDir, standardStreams))
    })
  program
    .command('simulate')
    .description('run a scenario, or random ones, through the real core on a virtual clock')
    .argument('[scenario.json]', 'the scenario, - for standard input')
    .option('--trace', 'print a log for people instead of JSON lines', false)
    .option('--chaos', 'make random schedules and check what must always hold', false)
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
      const { simulate, simulateChaos } = await import('./simulate')
      if (flags.chaos === (path !== undefined))
        program.error('error: give either a scenario or --chaos', { exitCode: WRONG_USE })
      else
        finish(
          await (path === undefined ? simulateChaos(flags, standardStreams) : simulate(path, flags, standardStreams)),
        )
    })
  return program
}

/** Runs the command line. Exit codes: 0 done, 1 refused or failed, 2 wrong use. */
export const run = async (argv: readonly string[]): Promise<number> => {
  let code = DONE
  const program = buildProgram((result) => {
    code = result
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // Commander has printed its own message; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USE
    process.stderr.write(`${failureText(error)}\n`)
    return FAILED
  }
}
