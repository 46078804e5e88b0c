import type { Command } from '../../commands/command'
import type { Message } from '../../consensus/message'
import type { Observation } from '../../events/event'
import type { LogRecord } from '../../events/record'
import type { CommandId } from '../../ids'
import type { SubmitResult, WatchItem } from '../../protocols/peer'

/** What simulated nodes say to one another over a link: the product's frames and streams. */
export type Packet =
  | { readonly kind: 'consensus'; readonly message: Message; readonly records: readonly LogRecord[] }
  | { readonly kind: 'observe'; readonly events: readonly Observation[] }
  | { readonly kind: 'submit'; readonly request: number; readonly command: Command; readonly commandId: CommandId }
  | { readonly kind: 'result'; readonly request: number; readonly result: SubmitResult }
  | { readonly kind: 'watch'; readonly request: number; readonly term: number }
  | { readonly kind: 'watched'; readonly request: number; readonly item: WatchItem }
  /** Whoever was asked does not lead in that term. */
  | { readonly kind: 'unwatched'; readonly request: number }
