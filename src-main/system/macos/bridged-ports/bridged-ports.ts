import type { BridgedPortsAnswer, BridgedPortsRequest } from '@core/protocols/desktop'
import { releaseCommands, undoCommands, type BridgePorts } from '@core/warnings/bridge-commands'
import type { RunCommand } from '../../command'
import type { Allowed, AsAdministrator } from './administrator'
import { BridgeRecord } from './record'

export interface BridgedPortsOptions {
  readonly platform: NodeJS.Platform
  readonly dataDir: string
  /** This machine's bridged ports that are cabled to members, as last reported. */
  readonly ports: () => readonly BridgePorts[]
  readonly run: RunCommand
  readonly asAdministrator: AsAdministrator
  /** Called when this machine has changed: read its facts again. */
  readonly onChange: () => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** What can be done now, according to `ifconfig`. */
interface Plan {
  readonly toRelease: readonly BridgePorts[]
  readonly toUndo: readonly BridgePorts[]
}

const RELEASE_PROMPT = 'Muster wants to remove Thunderbolt ports from a bridge so that RDMA can use them.'
const UNDO_PROMPT = 'Muster wants to put Thunderbolt ports back into their bridge.'

const NOTHING: Pick<BridgedPortsAnswer, 'release' | 'undo'> = { release: [], undo: [] }

/** Parses the members of `ifconfig bridge0`. */
export const parseMembers = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^\s+member: (\S+) /gm)].flatMap(([, name]) => name ?? []))

/** Merges both lists, with each bridge and port once. */
const merged = (before: readonly BridgePorts[], more: readonly BridgePorts[]): BridgePorts[] => {
  const byBridge = new Map<string, Set<string>>()
  for (const { bridge, interfaces } of [...before, ...more])
    byBridge.set(bridge, new Set([...(byBridge.get(bridge) ?? []), ...interfaces]))
  return [...byBridge].map(([bridge, interfaces]) => ({ bridge, interfaces: [...interfaces] }))
}

/**
 * The only Mac setting that Muster changes, and only on a user's request: takes Thunderbolt ports out of their bridge,
 * and puts them back. The undo record is on disk before the first command runs. Every step is idempotent, because it
 * starts from the current output of `ifconfig`: repeating one, or continuing after a crash, is harmless.
 */
export class BridgedPorts {
  private readonly record: BridgeRecord
  /** One at a time: two password prompts at once would be confusing. */
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: BridgedPortsOptions) {
    this.record = new BridgeRecord(options.dataDir)
  }

  /** Never rejects: failures are part of the result. */
  answer(request: BridgedPortsRequest): Promise<BridgedPortsAnswer> {
    const next = this.last.then(() => this.carryOut(request)).catch((error: unknown) => this.refused(error))
    this.last = next
    return next
  }

  private async carryOut(request: BridgedPortsRequest): Promise<BridgedPortsAnswer> {
    if (this.options.platform !== 'darwin')
      return {
        ...NOTHING,
        outcome: 'shown',
        unavailable: 'Only macOS puts Thunderbolt ports into a bridge by itself; this machine runs another system.',
      }
    const plan = await this.plan()
    const shown = this.shown(plan)
    switch (request.action) {
      case 'show':
        return { ...shown, outcome: 'shown' }
      case 'release':
        return request.commands.length > 0 && request.commands.join('\n') === shown.release.join('\n')
          ? this.release(plan)
          : { ...shown, outcome: 'changed' }
      case 'undo':
        return request.commands.length > 0 && request.commands.join('\n') === shown.undo.join('\n')
          ? this.undo(plan)
          : { ...shown, outcome: 'changed' }
    }
  }

  private async release({ toRelease }: Plan): Promise<BridgedPortsAnswer> {
    const before = await this.record.read()
    await this.record.write(merged(before, toRelease))
    const allowed = await this.options.asAdministrator({
      commands: toRelease.flatMap(releaseCommands),
      prompt: RELEASE_PROMPT,
      stopAtFailure: true,
    })
    if (allowed.outcome === 'declined') await this.record.write(before)
    return this.after(allowed, ({ toRelease: left }) => left.length === 0, 'macOS has put the ports back')
  }

  private async undo({ toUndo }: Plan): Promise<BridgedPortsAnswer> {
    const allowed = await this.options.asAdministrator({
      commands: toUndo.flatMap(undoCommands),
      prompt: UNDO_PROMPT,
      // Each port is put back on its own, whether or not another one failed.
      stopAtFailure: false,
    })
    const answer = await this.after(
      allowed,
      ({ toUndo: left }) => left.length === 0,
      'Not every port could be put back',
    )
    if (answer.outcome === 'done') await this.record.write([])
    return answer
  }

  /** The outcome, judged by the machine's state now and not by exit codes. */
  private async after(
    allowed: Allowed,
    reached: (plan: Plan) => boolean,
    otherwise: string,
  ): Promise<BridgedPortsAnswer> {
    const plan = await this.plan()
    const shown = this.shown(plan)
    if (allowed.outcome === 'declined') return { ...shown, outcome: 'declined' }
    this.options.onChange()
    const { log } = this.options
    if (reached(plan)) {
      log.info(shown, 'removed Thunderbolt ports from a bridge, or added them again')
      return { ...shown, outcome: 'done' }
    }
    const problem = allowed.outcome === 'failed' ? allowed.message : otherwise
    log.warn({ ...shown, problem }, 'Thunderbolt ports could not be moved')
    return { ...shown, outcome: 'failed', problem }
  }

  private async plan(): Promise<Plan> {
    const taken = await this.record.read()
    const ports = this.options.ports()
    const members = new Map<string, ReadonlySet<string>>()
    for (const { bridge } of merged(taken, ports)) {
      // No output: the bridge does not exist.
      const text = await this.options.run('/sbin/ifconfig', [bridge])
      if (text !== undefined) members.set(bridge, parseMembers(text))
    }
    const those = (all: readonly BridgePorts[], inBridge: boolean): BridgePorts[] =>
      all.flatMap(({ bridge, interfaces }) => {
        const now = members.get(bridge)
        const left = interfaces.filter((name) => now?.has(name) === inBridge)
        return left.length === 0 ? [] : [{ bridge, interfaces: left }]
      })
    return { toRelease: those(ports, true), toUndo: those(taken, false) }
  }

  private shown({ toRelease, toUndo }: Plan): typeof NOTHING {
    return { release: toRelease.flatMap(releaseCommands), undo: toUndo.flatMap(undoCommands) }
  }

  private refused(error: unknown): BridgedPortsAnswer {
    this.options.log.warn({ err: error }, 'Thunderbolt ports could not be moved')
    return { ...NOTHING, outcome: 'failed', problem: error instanceof Error ? error.message : String(error) }
  }
}
