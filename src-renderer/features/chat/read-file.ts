import type { ChatFile } from './records'

/** A file, or the reason for refusing it. */
export type ReadFile = { readonly file: ChatFile } | { readonly refused: string }
