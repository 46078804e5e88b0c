import type { Command } from '../commands/command'
import type { CommandId, NodeId } from '../ids'
import type { Step } from './scenario'

/** What happens among several deciding nodes, besides events. */
export type Happening =
  | { readonly kind: 'leads'; readonly node: NodeId; readonly term: number }
  | { readonly kind: 'follows'; readonly node: NodeId; readonly master: NodeId; readonly term: number }
  /** Its disk refuses writes: it shows that master's state, reports to it, and stores nothing. */
  | { readonly kind: 'listens'; readonly node: NodeId; readonly master: NodeId; readonly term: number }
  /** It knows no master. */
  | { readonly kind: 'seeks'; readonly node: NodeId }
  /** The answer to a command reached its sender: its decisions are durable, and folded at that node. */
  | {
      readonly kind: 'acknowledged'
      readonly command: Step['do']
      readonly id: string
      readonly commandId: CommandId
      readonly via: NodeId
    }
  /** The node's records after this one are not in its master's log, and are set aside. */
  | { readonly kind: 'setAside'; readonly node: NodeId; readonly after: number }
  /** Its master's log no longer has the records it lacks: a snapshot up to this record replaces its log. */
  | { readonly kind: 'installed'; readonly node: NodeId; readonly through: number }
  /** Its declarations from before the two sides met were merged into its master's state. */
  | { readonly kind: 'merged'; readonly node: NodeId; readonly result: string }
  /** Its process died before these records were on its disk; none of them was acknowledged. */
  | { readonly kind: 'lost'; readonly node: NodeId; readonly records: number }
  /** Its disk refuses writes: it takes no part in the consensus until the disk works again. */
  | { readonly kind: 'steppedDown'; readonly node: NodeId; readonly code: string }
  | { readonly kind: 'steppedUp'; readonly node: NodeId }
  /** As leader it warns that the clock of this machine is so far ahead of the others', or behind. */
  | { readonly kind: 'clockOff'; readonly node: NodeId; readonly machine: string; readonly aheadMs: number }
  /** It learned that it was removed, and continues as a cluster of its own. */
  | { readonly kind: 'removed'; readonly node: NodeId }
  /** It was admitted again, and takes over the members' log. */
  | { readonly kind: 'joined'; readonly node: NodeId }

/** The id that a command concerns. */
export const subjectOf = (command: Command): string => {
  switch (command.type) {
    case 'CreateMetaInstance':
    case 'UpdateMetaInstance':
    case 'DeleteMetaInstance':
    case 'RestartMetaInstance':
    case 'WakeMetaInstance':
      return command.metaInstanceId
    case 'ApplyDeclarations':
      return command.documents.map(({ name }) => name).join(', ')
    case 'PlaceInstance':
    case 'DeleteInstance':
      return command.instanceId
    case 'CancelTask':
      return command.taskId
    case 'CreateApiKey':
      return command.apiKey.apiKeyId
    case 'UpdateApiKey':
    case 'RevokeApiKey':
      return command.apiKeyId
    case 'ChangeSetting':
      return command.change.key
    case 'AdmitMember':
      return command.member.nodeId
    case 'RenameMember':
    case 'DrainMember':
    case 'RemoveMember':
      return command.nodeId
    case 'MergeDeclarations':
      return 'declarations'
  }
}
