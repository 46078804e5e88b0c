import type { NodeApi } from './api/node-api'
import type { Output } from './terminal/output'
import type { Terminal } from './terminal/terminal'

/** What every command that talks to a node is given. */
export interface CommandContext {
  readonly api: NodeApi
  readonly out: Output
  readonly err: Output
  readonly terminal: Terminal
}

/** Options that all of them have. */
export interface CommonOptions {
  /** Print JSON: one document, or one in each line of what goes on. */
  readonly json: boolean
}
