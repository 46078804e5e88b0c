/** An error that says what to do, as all parts of a node throw them. */
interface Explained {
  readonly message: string
  readonly hint: string
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'hint' in error && typeof error.hint === 'string'

/** What a person reads on the terminal: what happened, and what to do where that is known. */
export const failureText = (error: unknown): string => {
  if (isExplained(error)) return `${error.message}\n${error.hint}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
