import type { NodeId } from '@core/ids'
import type { Master } from '../master/index'
import { modelFolders } from '../models/index'
import { bySystemProgram, isOnBattery, SleepGuard } from '../power/index'
import { memoryBandwidthFromEnvironment } from '../settings/environment'
import { runCommand, thisMachine } from '../system/index'
import type { KilledRunners, Measurements, Worker } from '../worker/index'
import type { Foundation } from './foundation'
import type { Opened } from './opened'
import type { NodeOptions } from './options'
import { OwnFacts, type CannotRun, type OwnFactsOptions } from './own-facts'
import { Presence } from './presence'

interface OwnMachineParts {
  readonly options: NodeOptions
  readonly opened: Opened
  readonly foundation: Foundation
  readonly nodeId: NodeId
  readonly master: Master
  readonly worker: Worker
  readonly measurements: Measurements
  readonly killedRunners: KilledRunners
  readonly declarationFaults: NonNullable<OwnFactsOptions['declarationFaults']>
  readonly wrongClocks: NonNullable<OwnFactsOptions['wrongClocks']>
}

/** Facts that this machine reports about itself, and what keeps it awake. */
export interface OwnMachine {
  readonly presence: Presence
  readonly facts: OwnFacts
  readonly guard: SleepGuard
  /** Why no model can run here; undefined if one can. */
  cannotRun(): CannotRun | undefined
}

/** Starts reporting facts about this machine. `facts.ready` resolves after the first reading. */
export const openOwnMachine = (parts: OwnMachineParts): OwnMachine => {
  const {
    options,
    opened,
    foundation,
    nodeId,
    master,
    worker,
    measurements,
    killedRunners,
    declarationFaults,
    wrongClocks,
  } = parts
  const { dataDir, env, settings, log, python: environment, catalogue } = foundation
  const { modelFolders: folders, worker: runsModels } = settings.current()
  const presence = new Presence({ nodeId, source: master, observer: master })
  opened.add(() => presence.close())
  const cannotRun = (): CannotRun | undefined => {
    const python = environment.current()
    return 'unavailable' in python ? { reason: python.unavailable, coded: python.coded } : undefined
  }
  // The facts include the guard's state, and the guard causes a new report when that changes.
  const wired: { guard?: SleepGuard } = {}
  const facts = new OwnFacts({
    power: () => wired.guard?.facts(),
    machine: thisMachine({
      modelsDir: modelFolders({ dataDir, folders })[0],
      heldByRunners: () => worker.heldBytes(),
      mayProbe: () => !worker.isBusy,
    }),
    worker: runsModels,
    cannotRun,
    knownBandwidth: memoryBandwidthFromEnvironment(env),
    measurements,
    killedRunners,
    declarationFaults,
    wrongClocks,
    onChange: (info) => presence.is(info),
  })
  opened.add(() => facts.close())
  const guard = new SleepGuard({
    nodeId,
    source: master,
    keepAwake: () => settings.current().keepAwake,
    preventSleep: options.power?.preventSleep ?? bySystemProgram(),
    onBattery: options.power?.onBattery ?? (() => isOnBattery({ run: runCommand })),
    onChange: () => facts.report(),
    log: log.logger.child({ part: 'power' }),
  })
  wired.guard = guard
  opened.add(() => guard.close())
  opened.add(settings.subscribe(() => void guard.check()))
  opened.add(
    environment.subscribe((printed) => {
      if (printed !== undefined) return
      facts.report()
      // Chat ability could not be checked without Python: check again.
      if (environment.view().status === 'ready') void catalogue.refresh()
    }),
  )
  return { presence, facts, guard, cannotRun }
}
