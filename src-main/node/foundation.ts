import type { Tracer } from '@core/tracing/tracer'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { REHEARSAL } from '@core/state/rehearsal'
import { type Identity, loadIdentity } from '../cluster/index'
import { openLog, type Log } from '../logging/logger'
import { prepareDataDir } from '../master/index'
import { type Catalogue, openCatalogue, STARTER_MODEL, unusableFolders } from '../models/index'
import { openHub } from './model-supply'
import type { NodeOptions } from './options'
import type { Opened } from './opened'
import { openPythonEnvironment } from './python-environment'
import type { PythonEnvironment } from '../python/environment'
import { defaultDataDir, homeFolder } from '../settings/data-dir'
import { rehearsesRdma } from '../settings/environment'
import { openNodeSettings, type NodeSettingsStore } from '../settings/node-settings'
import { openTracing } from '../tracing/tracing'
import { version } from '../version'
import { checkModel } from '../worker/index'

/** What a node's parts are built on: data folder, settings, identity, log, models. */
export interface Foundation {
  /** The folder that contains `out` and `native-runner`. */
  readonly appRoot: string
  readonly dataDir: string
  readonly env: NodeJS.ProcessEnv
  readonly settings: NodeSettingsStore
  readonly log: Log
  readonly identity: Identity
  /** Whether RDMA is rehearsed; for tests. */
  readonly rehearses: boolean
  readonly python: PythonEnvironment
  readonly catalogue: Catalogue
  readonly hub: ReturnType<typeof openHub>
  readonly tracer: Tracer
}

/** The first folder above this file with the runner's package beside it: the built app may be split into chunks. */
const builtAppRoot = (): string => {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'native-runner')) || folder === dirname(folder)) return folder
  }
}

/** The folder of everything that the node keeps. An empty variable counts as unset. */
export const dataDirOf = ({ dataDir }: NodeOptions, env = process.env): string =>
  resolve(
    dataDir ?? (env['MUSTER_DATA_DIR'] || defaultDataDir({ platform: process.platform, env, home: homeFolder() })),
  )

/** Opens the data folder; decides nothing yet. */
export const openFoundation = async (options: NodeOptions, opened: Opened): Promise<Foundation> => {
  const { appRoot = builtAppRoot(), bundledRunner } = options
  const { env } = process
  const dataDir = dataDirOf(options)
  await prepareDataDir(dataDir)
  const warnings: string[] = []
  const onWarning = (warning: string): void => void warnings.push(warning)
  const {
    name: friendlyName,
    worker: runsModels,
    host,
    port,
    peerPort,
    ollamaPort,
    discovery,
    offline,
    loadOnRequest,
    onRequestIdleSeconds,
    diskCacheGigabytes,
    peers,
    allowedHosts,
    allowedOrigins,
  } = options
  const flags = {
    loadOnRequest,
    onRequestIdleSeconds,
    diskCacheGigabytes,
    host,
    port,
    friendlyName,
    worker: runsModels,
    peerPort,
    ollamaPort,
    discovery,
    offline,
    peers,
    allowedHosts,
    allowedOrigins,
  }
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const nodeSettings = await openNodeSettings({ dataDir, env, flags: given, onWarning })
  const current = nodeSettings.current()

  const log = openLog({
    directory: join(dataDir, 'logs'),
    level: current.logLevel,
    terminal: { level: 'warn', colour: process.stderr.isTTY, write: (text) => void process.stderr.write(text) },
  })
  opened.add(() => log.close())
  for (const warning of warnings.splice(0)) log.logger.warn({}, warning)
  const identity = await loadIdentity({ dataDir, onWarning: (warning) => log.logger.warn({}, warning) })
  const rehearses = rehearsesRdma(env)
  if (rehearses) log.logger.warn({}, `MUSTER_REHEARSE_JACCL is set: ${REHEARSAL}; nothing here runs on RDMA`)

  const environment: PythonEnvironment = await openPythonEnvironment({
    dataDir,
    appRoot,
    bundled: bundledRunner,
    env,
    catalogue: { find: (modelId) => catalogue.find(modelId), refresh: () => catalogue.refresh() },
    log: log.logger.child({ part: 'python' }),
  })
  opened.add(() => environment.close())
  const catalogue = openCatalogue({
    dataDir,
    home: homeFolder(),
    env,
    folders: current.modelFolders,
    cacheFile: join(dataDir, 'models-found.json'),
    starter: STARTER_MODEL,
    version,
    tryConversation: async (path) => checkModel(environment.working(), path),
  })
  opened.add(() => catalogue.close())
  for (const folder of await unusableFolders({ dataDir, folders: current.modelFolders }))
    log.logger.warn(
      { folder },
      'no model is found or saved in this folder: a file or a broken link is in its place. Move that away, or mount the disk that it leads to, and start again',
    )
  const hub = openHub(env, nodeSettings)
  opened.add(nodeSettings.subscribe(() => hub.forget()))
  const tracing = await openTracing({ endpoint: current.otlpEndpoint, version, nodeId: identity.nodeId })
  opened.add(() => tracing.close())
  return {
    appRoot,
    dataDir,
    env,
    settings: nodeSettings,
    log,
    identity,
    rehearses,
    python: environment,
    catalogue,
    hub,
    tracer: tracing.tracer,
  }
}
