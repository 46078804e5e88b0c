/** Errors of a system that is short of something for a moment: file descriptors of this process or of all, or memory. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])

/** Whether an operation failed for a reason that passes, and that has nothing to do with the file or folder. */
export const isShortage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && SHORTAGES.has(error.code)

/** For what cannot be read and then counts as absent: a shortage is thrown on. */
export const undefinedUnlessShort = (error: unknown): undefined => {
  if (isShortage(error)) throw error
}

/** For a folder that cannot be listed and then counts as empty: a shortage is thrown on. */
export const noneUnlessShort = (error: unknown): never[] => {
  undefinedUnlessShort(error)
  return []
}
