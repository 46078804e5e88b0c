import { Option, type Command } from 'commander'
import type { LoadOnRequest } from '@core/settings/node'
import { folder, port, whole } from '../define'

export interface ServeFlags {
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

/** Defines the options of `muster serve`, which `muster service install` takes too. */
export const withServeOptions = (serve: Command): Command =>
  serve
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
