import type { Command } from '../commands/command'
import type { CommandId, NodeId } from '../ids'
import type { Step } from './scenario'

/** What happens among several deciding nodes besides events. */
export type Happening =
  | { readonly kind: 'leads'; readonly node: NodeId; readonly term: number }
  | { readonly kind: 'follows'; readonly node: NodeId; readonly master: NodeId; readonly term: number }
  /** Its disk refuses: it sees what that master says, reports to it, and keeps nothing. */
  | { readonly kind: 'listens'; readonly node: NodeId; readonly master: NodeId; readonly term: number }
  /** It knows no master. */
  | { readonly kind: 'seeks'; readonly node: NodeId }
  /** The answer to a command reached whoever gave it: its decisions are safe, and folded at that node. */
  | {
      readonly kind: 'acknowledged'
      readonly command: Step['do']
      readonly id: string
      readonly commandId: CommandId
      readonly via: NodeId
    }
  /** What a node has after that record is not in its master's log, and makes room. */
  | { readonly kind: 'setAside'; readonly node: NodeId; readonly after: number }
  /** It lacked what its master's log no longer has, and has a snapshot up to that record in place of its own. */
  | { readonly kind: 'installed'; readonly node: NodeId; readonly through: number }
  /** What it had declared apart from its master was joined with what the master has. */
  | { readonly kind: 'merged'; readonly node: NodeId; readonly result: string }
  /** Its process died before these records were on its disk; nobody had been told that they are safe. */
  | { readonly kind: 'lost'; readonly node: NodeId; readonly records: number }
  /** Its disk refuses: it takes no part in deciding until the disk takes records again. */
  | { readonly kind: 'steppedDown'; readonly node: NodeId; readonly code: string }
  | { readonly kind: 'steppedUp'; readonly node: NodeId }
  /** It heard that it is no member any more, and goes its own way. */
  | { readonly kind: 'removed'; readonly node: NodeId }
  /** It was let in again, and takes the log of the others. */
  | { readonly kind: 'joined'; readonly node: NodeId }

/** What a command is about. */
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
