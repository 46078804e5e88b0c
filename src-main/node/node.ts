import { join, resolve } from 'node:path'
import { parsePeerAddress } from '@core/settings/peer-address'
import type { WrongClock } from '@core/state/wrong-clocks'
import { bridgedPorts } from '@core/warnings/bridged-ports'
import { AdmissionFile, Membership, Peers } from '../cluster/index'
import { applyTo, DeclarationFolder } from '../declaration-files/index'
import type { ApiKeyAccounts } from '../keys/api-key-accounts'
import { asUnusable, Master } from '../master/index'
import { KilledRunners, measureMemoryBandwidth, Measurements, Worker } from '../worker/index'
import { cardFinder, LastHolders, linkModelFolder } from '../models/index'
import { ModelSupply } from './model-supply'
import { openAnswering } from './answering'
import { dataDirOf, openFoundation } from './foundation'
import type { NodeOptions, RunningNode } from './options'
import { Opened } from './opened'
import { departure } from './departure'
import type { OwnFacts } from './own-facts'
import { openOwnMachine } from './own-machine'
import { peerStreams } from './peer-streams'
import { Later } from './later'
import { endRequests } from './planned-restart'
import { blockFetcher, promptCacheOf } from './prompt-blocks'
import { watchRehearsal } from './rehearsal'
import { announceOnceExplained, setupHoldsDiscovery } from './explained-discovery'
import { InstanceQueues } from '../serving/index'
import { ClusterSuspects } from '../suspects/cluster-suspects'
import { asAdministrator, BridgedPorts, machineName, runCommand, thisBoot } from '../system/index'
import { version } from '../version'

async function* nothing(): AsyncGenerator<never> {}

const start = async (options: NodeOptions, opened: Opened): Promise<Omit<RunningNode, 'close'>> => {
  const foundation = await openFoundation(options, opened)
  const {
    dataDir,
    settings: nodeSettings,
    log,
    identity,
    rehearses,
    python: environment,
    catalogue,
    hub,
    tracer,
  } = foundation
  const { nodeId } = identity
  const current = nodeSettings.current()
  const explainsFirst = (): boolean => options.explainsDiscovery === true && setupHoldsDiscovery(nodeSettings.current())
  const ownName = current.friendlyName ?? (await machineName())
  const admission = new AdmissionFile(dataDir)
  // Consensus and links depend on each other: messages sent before the links exist are dropped.
  const wired: {
    peers?: Peers
    worker?: Worker
    holders?: LastHolders
    accounts?: ApiKeyAccounts
    facts?: OwnFacts
    declarations?: DeclarationFolder
  } = {}
  const loadCard = cardFinder({
    own: catalogue,
    hub,
    state: () => master.state(),
    nodeId,
    lastHolders: (modelId) => wired.holders?.of(modelId) ?? [],
    away: (modelId) => wired.holders?.awayInEnglish(modelId),
    ask: (...asked) => wired.peers?.links.ask(...asked) ?? Promise.reject(new Error('no links')),
  })
  let reconciles = 0
  let wrongClocks: readonly WrongClock[] = []
  const master: Master = await Master.open({
    dataDir,
    nodeId,
    loadCard,
    admittedBy: admission.members,
    network: {
      send: (...message) => wired.peers?.network.send(...message),
      sendSnapshot: (...snapshot) => wired.peers?.network.sendSnapshot(...snapshot),
      observe: (...observed) => wired.peers?.network.observe(...observed),
      submit: (...command) => wired.peers?.network.submit(...command) ?? Promise.resolve({ status: 'not_master' }),
      watch: (...watched) => wired.peers?.network.watch(...watched) ?? nothing(),
      heard: () => wired.peers?.network.heard() ?? {},
      unreachable: () => wired.peers?.unreachable() ?? [],
      reconnect: () => wired.peers?.reconnect(),
      processPaused: (milliseconds) => wired.peers?.processPaused(milliseconds),
    },
    onRemoved: () => cluster.removed(),
    onPassed: () => void (reconciles += 1),
    onWrongClocks: (wrong) => {
      wrongClocks = wrong
      wired.facts?.report()
    },
    log: log.logger.child({ part: 'master' }),
  })
  opened.add(() => master.close())
  const holders = new LastHolders({ source: master })
  wired.holders = holders
  opened.add(() => holders.close())
  opened.add(catalogue.subscribe(() => master.modelsChanged()))
  const cluster = new Membership({
    identity,
    friendlyName: ownName,
    admission,
    master,
    peers: () => wired.peers,
    log: log.logger.child({ part: 'membership' }),
  })
  opened.add(() => cluster.close())
  await cluster.settled()
  const suspected = new ClusterSuspects({
    self: nodeId,
    master: () => master.state().masterNodeId,
    links: () => wired.peers?.links,
  })
  const promptCache = promptCacheOf(dataDir, () => nodeSettings.current())
  const queuesLater = new Later<InstanceQueues>()
  const supplyLater = new Later<ModelSupply>()
  const links = await Peers.open({
    identity,
    dataDir,
    port: current.peerPort,
    portIsFixed: nodeSettings.fixed().includes('peerPort'),
    discovery: () => current.discovery && !explainsFirst(),
    given: current.peers.flatMap((text) => parsePeerAddress(text) ?? []),
    version,
    clusterId: () => cluster.clusterId,
    friendlyName: ownName,
    deciding: master,
    handlers: peerStreams({
      catalogue,
      queues: queuesLater,
      usage: () => wired.accounts?.current ?? {},
      promptCache,
      supply: supplyLater,
      suspected,
    }),
    // Counts as busy until the worker exists, because the start-up needs the machine.
    isBusy: () => wired.worker?.isBusy ?? true,
    onWake: (...woken) => wired.worker?.wake(...woken),
    onRemoved: () => cluster.removed(),
    admittedAt: () => admission.admittedAt,
    onStranger: (caller) => cluster.admissions.enter(caller),
    log: log.logger.child({ part: 'peers' }),
  })
  wired.peers = links
  opened.add(announceOnceExplained(nodeSettings, { explainsFirst, announce: () => links.announce() }))
  opened.add(links.subscribe(() => suspected.linksChanged()))
  opened.add(() => links.close())
  const restarting = { is: false }
  opened.add(() => (restarting.is ? master.stepAside() : master.leave('quit')))
  const membersChanged = (): void => links.links.membersChanged()
  opened.add(
    master.subscribe(({ event }) => {
      if (event.type === 'MemberAdmitted' || event.type === 'MemberRemoved') membersChanged()
    }, membersChanged),
  )

  // Until the models are known, a runner would fail for lack of its model.
  await catalogue.ready
  const measurements = await Measurements.open({
    dataDir,
    probe: async (probing) => measureMemoryBandwidth(environment.working(), probing),
    isBusy: () => wired.worker?.isBusy ?? true,
    onChange: () => wired.facts?.report(),
    log: log.logger.child({ part: 'measurements' }),
  })
  opened.add(() => measurements.close())
  const killedRunners = await KilledRunners.open({
    dataDir,
    boot: await thisBoot(),
    onChange: () => wired.facts?.report(),
    log: log.logger.child({ part: 'worker' }),
  })
  opened.add(() => killedRunners.close())
  const supply = new ModelSupply({
    nodeId,
    dataDir,
    settings: () => nodeSettings.current(),
    hub,
    catalogue,
    away: (modelId) => holders.away(modelId),
    deciding: master,
    links: links.links,
    log: log.logger.child({ part: 'fetching' }),
  })
  supplyLater.set(supply)
  opened.add(() => supply.fetcher.close())
  const blocks = blockFetcher({
    ...{ cache: promptCache, links: links.links, limit: supply.limit },
    log: log.logger.child({ part: 'prompt-cache' }),
  })
  opened.add(() => blocks.close())
  const worker = await Worker.start({
    nodeId,
    source: master,
    observer: master,
    suspects: suspected.suspects,
    python: () => environment.current(),
    runDir: join(dataDir, 'run'),
    tracer,
    diskCache: promptCache,
    fetchBlocks: (...wanted) => void blocks.fetch(...wanted),
    // A damaged copy in another program's folder is ignored and the model is fetched again; a damaged copy of ours must
    // be replaced by the user.
    modelPath: (modelId) => {
      const model = catalogue.held(modelId)
      return model?.problem === undefined ? model?.path : undefined
    },
    modelProblem: (modelId) => catalogue.problemOfOwn(modelId),
    fetchModel: (modelId) => supply.fetcher.need(modelId),
    releaseModel: (modelId) => supply.fetcher.release(modelId),
    wakeRank: (...rank) => links.wake(...rank),
    hears: (peer) => links.links.get(peer) !== undefined,
    onMeasured: (instance, tokensPerSecond) => measurements.ran(instance, tokensPerSecond),
    onLeak: () => killedRunners.add(),
    rehearses,
    log: log.logger.child({ part: 'worker' }),
  })
  wired.worker = worker
  opened.add(async () => {
    if (!restarting.is) return worker.close()
    log.logger.info({ runners: await worker.leave() }, 'handed runners over to the next node process')
  })
  opened.add(catalogue.subscribe(() => worker.modelsChanged()))
  const queues = new InstanceQueues({
    source: master,
    runner: worker,
    tracer,
    suspects: suspected.suspects,
  })
  queuesLater.set(queues)
  opened.add(() => queues.close())

  opened.add(watchRehearsal({ nodeId, rehearses, source: master, observer: master }))
  const { presence, facts, guard, cannotRun } = openOwnMachine({
    options,
    opened,
    foundation,
    nodeId,
    master,
    worker,
    measurements,
    killedRunners,
    declarationFaults: () => wired.declarations?.faults(),
    wrongClocks: () => wrongClocks,
  })
  wired.facts = facts
  opened.add(nodeSettings.subscribe(() => void worker.emptyDiskCache()))
  // Placement needs this machine's facts.
  await facts.ready
  const reportModels = (): void => presence.has([...catalogue.list(), ...catalogue.adapters()])
  reportModels()
  opened.add(catalogue.subscribe(reportModels))
  await supply.fetcher.resume()
  supply.withdrawStale()
  opened.add(
    master.subscribe(
      () => undefined,
      () => supply.withdrawStale(),
    ),
  )

  const { api, desk, accounts, serving } = await openAnswering({
    ...{ options, opened, foundation, master, loadCard, membership: cluster, peers: links },
    ...{ holders, worker, queues, suspected, supply, guard, reconciles: () => reconciles },
  })
  wired.accounts = accounts
  if (options.declarations !== undefined) {
    const folder = new DeclarationFolder({
      folder: resolve(options.declarations),
      apply: (wanted) => applyTo(master, wanted),
      onFaults: () => facts.report(),
      log: log.logger.child({ part: 'declarations' }),
    })
    wired.declarations = folder
    opened.add(() => folder.close())
  }
  log.logger.info({ url: api.url, nodeId, version, dataDir }, 'running')
  return {
    url: api.url,
    ollamaUrl: api.ollamaUrl,
    nodeId,
    dataDir,
    source: master,
    commands: master,
    catalogue,
    signInLink: api.signInLink,
    cannotRun,
    cluster: desk,
    settings: nodeSettings,
    departure: () => departure({ nodeId, state: () => master.state(), card: loadCard }),
    bridgedPorts: new BridgedPorts({
      platform: process.platform,
      dataDir,
      ports: () => bridgedPorts(master.state(), nodeId),
      run: runCommand,
      asAdministrator: asAdministrator(),
      onChange: () => void facts.refresh(),
      log: log.logger.child({ part: 'bridged-ports' }),
    }),
    addModelFolder: (path) => linkModelFolder(path, { dataDir, catalogue }),
    prepareRestart: async (drainMs) => {
      restarting.is = true
      await endRequests({ queues, serving }, drainMs)
    },
    sleep: () => master.leave('sleep'),
    wake: () => master.comeBackFromSleep(),
  }
}

/**
 * Builds a node from its parts and starts it, with or without Electron. On failure everything is closed again, and it
 * rejects with an error that has `code`, `message` and `hint`.
 */
export const startNode = async (options: NodeOptions): Promise<RunningNode> => {
  const opened = new Opened()
  try {
    return { ...(await start(options, opened)), close: () => opened.close() }
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw asUnusable(dataDirOf(options), error)
  }
}
