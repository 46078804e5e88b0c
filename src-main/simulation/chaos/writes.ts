import { compareStamps, fieldStamp, stampKey, type Stamp } from '@core/state/stamp'
import type { Envelope } from '@core/events/event'
import type { CommandId } from '@core/ids'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { insist } from '@core/simulation/chaos/invariants'

interface Write {
  readonly id: string
  readonly field: keyof MetaInstance
  readonly value: string
  readonly stamp: Stamp
}

const text = (metaInstance: MetaInstance, field: keyof MetaInstance): string =>
  JSON.stringify(metaInstance[field]) ?? 'nothing'

/** What was written to the fields of declarations: at rest each holds the newest write that was acknowledged, or a newer one. */
export class AcknowledgedWrites {
  private readonly writes = new Map<CommandId, Write[]>()
  private readonly safe = new Set<CommandId>()

  /** A master has decided and folded this. What a merge brings was written elsewhere. */
  decided({ event, commandId }: Envelope, after: State): void {
    if (event.type !== 'MetaInstanceUpdated' || event.origin || commandId === undefined) return
    const id = event.metaInstanceId
    const [metaInstance, stamps] = [after.metaInstances[id], after.stamps?.[stampKey('metaInstance', id)]]
    if (!metaInstance || !stamps) return
    const written = (Object.keys(event.changes) as (keyof typeof event.changes)[]).map((field): Write => ({
      id,
      field,
      value: text(metaInstance, field),
      stamp: fieldStamp(stamps, field),
    }))
    this.writes.set(commandId, [...(this.writes.get(commandId) ?? []), ...written])
  }

  acknowledged(commandId: CommandId): void {
    this.safe.add(commandId)
  }

  rest(state: State): void {
    for (const commandId of this.safe) {
      // A command that a second master decided too, because the first was lost, counts from the first on.
      const decided = this.writes.get(commandId) ?? []
      for (const { id, field, value, stamp } of decided) {
        const [metaInstance, stamps] = [state.metaInstances[id], state.stamps?.[stampKey('metaInstance', id)]]
        if (!metaInstance || !stamps || decided.some((one) => one.field === field && one.stamp.at < stamp.at)) continue
        const newer = compareStamps(fieldStamp(stamps, field), stamp)
        insist(newer >= 0, () => `the acknowledged ${field} of ${id} is lost: it has an older one at rest`)
        // A name that was given twice gets a number; RDMA needs a pair.
        if (newer === 0 && field !== 'name' && field !== 'minNodes')
          insist(text(metaInstance, field) === value, () => `${field} of ${id} is not what was acknowledged`)
      }
    }
  }
}
