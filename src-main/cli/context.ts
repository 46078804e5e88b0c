import type { NodeApi } from './api/node-api'
import type { Output } from './terminal/output'
import type { Terminal } from './terminal/terminal'

/** Dependencies of every command that talks to a node. */
export interface CommandContext {
  readonly api: NodeApi
  readonly out: Output
  readonly err: Output
  readonly terminal: Terminal
}

/** Options common to these commands. */
export interface CommonOptions {
  /** Print JSON: one document, or one per line for streams. */
  readonly json: boolean
}
