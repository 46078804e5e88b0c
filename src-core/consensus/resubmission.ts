import type { Command, Refusal } from '../commands/command'
import type { State } from '../state/state'
import { commandsOf, type KeptSplit } from './resubmit'

export type ResubmissionStep =
  | { readonly kind: 'submit'; readonly command: Command }
  /** What is left was refused: it is looked at again when the state is another one. */
  | { readonly kind: 'later' }
  | { readonly kind: 'done' }

/** Declaration, member, key or setting: each is submitted again once. */
const subjectOf = (command: Command): string => {
  switch (command.type) {
    case 'CreateMetaInstance':
    case 'UpdateMetaInstance':
    case 'DeleteMetaInstance':
      return command.metaInstanceId
    case 'AdmitMember':
      return command.member.nodeId
    case 'RemoveMember':
      return command.nodeId
    case 'CreateApiKey':
      return command.apiKey.apiKeyId
    case 'UpdateApiKey':
    case 'RevokeApiKey':
      return command.apiKeyId
    case 'ChangeSetting':
      return command.change.key
    default:
      return JSON.stringify(command)
  }
}

/**
 * Whoever decided had another state than the one that the command was made for: what is changed is not there, so it may
 * have to be created; or what is created is there already, or its name is.
 */
const mayPass = (command: Command, { code }: Refusal): boolean =>
  (command.type === 'UpdateMetaInstance' && code === 'not_found') ||
  (command.type === 'CreateMetaInstance' && code === 'conflict')

/** Brings one split's declarations to the winning side: one command after the other, each by the state as it is then. */
export class Resubmission {
  private readonly settled = new Set<string>()
  private readonly refused = new Set<string>()

  constructor(readonly split: KeptSplit) {}

  /** What comes next, by what the winning side has now. After `later` everything that was refused is tried once more. */
  next(winner: State): ResubmissionStep {
    const left = commandsOf(this.split, winner).filter((command) => !this.settled.has(subjectOf(command)))
    const command = left.find((one) => !this.refused.has(JSON.stringify(one)))
    if (command) return { kind: 'submit', command }
    this.refused.clear()
    return { kind: left.length === 0 ? 'done' : 'later' }
  }

  /** Whoever decides has answered. */
  answered(command: Command, refusal?: Refusal): void {
    if (refusal && mayPass(command, refusal)) this.refused.add(JSON.stringify(command))
    else this.settled.add(subjectOf(command))
  }
}
