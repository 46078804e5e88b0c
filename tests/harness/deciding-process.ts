/**
 * A leader in a separate process, to be killed: declares and deletes as fast as it can, and prints a line of JSON for
 * its state at the start and for every acknowledgement.
 *
 *     deciding-process.ts DATA_DIR ROUND
 */
import { writeSync } from 'node:fs'
import type { Command } from '@core/commands/command'
import { CommandId, MetaInstanceId, ModelId, NodeId } from '@core/ids'
import { Master } from '@main/master/master'
import { MasterError } from '@main/master/errors'
import type { DecidingLine } from './deciding'

const [dataDir = '', round = ''] = process.argv.slice(2)
const AT_ONCE = 8
/** Declarations kept before the oldest is deleted. */
const DECLARED = 30

// Synchronous, so that a line printed before the kill is complete.
const say = (line: DecidingLine): void => void writeSync(1, `${JSON.stringify(line)}\n`)

const warnings: string[] = []
const open = async (): Promise<Master> => {
  try {
    return await Master.open({
      dataDir,
      nodeId: NodeId.parse('a'),
      loadCard: () => Promise.resolve({ status: 'failed', reason: 'no cards here' }),
      log: { info: () => {}, warn: (_fields, message) => void warnings.push(message) },
      // Small, so that some kills fall between two segments.
      segmentBytes: 64 * 1024,
    })
  } catch (error) {
    if (!(error instanceof MasterError)) throw error
    say({ kind: 'refused', code: error.code, message: error.message })
    process.exit(1)
  }
}

const master = await open()
say({ kind: 'open', term: master.state().term, declared: Object.keys(master.state().metaInstances), warnings })

const carryOut = async (command: Command, commandId: string): Promise<void> => {
  const result = await master.submit(command, { commandId: CommandId.parse(commandId) })
  if (result.status === 'refused') throw new Error(result.refusal.reason)
}

let count = 0
const declared: MetaInstanceId[] = Object.keys(master.state().metaInstances).map((id) => MetaInstanceId.parse(id))

const goOn = async (): Promise<void> => {
  for (;;) {
    count += 1
    const metaInstanceId = MetaInstanceId.parse(`${round}-${count}`)
    await carryOut(
      {
        type: 'CreateMetaInstance',
        metaInstanceId,
        modelId: ModelId.parse('m/small'),
        sharding: 'Pipeline',
        instanceMeta: 'MlxRing',
        minNodes: 1,
        placementPreference: 'largest',
        paused: true,
      },
      `${metaInstanceId} created`,
    )
    say({ kind: 'declared', id: metaInstanceId })
    declared.push(metaInstanceId)
    const oldest = declared.length > DECLARED ? declared.shift() : undefined
    if (oldest === undefined) continue
    say({ kind: 'deleting', id: oldest })
    await carryOut({ type: 'DeleteMetaInstance', metaInstanceId: oldest }, `${oldest} deleted in ${round}`)
    say({ kind: 'deleted', id: oldest })
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, goOn))
