/**
 * Prefix of errors that may be the driver's fault, set by the worker (`src-main/worker/endings/causes.ts`) and by MLX
 * for every message of its RDMA backend.
 */
const MARKER = '[jaccl]'

/** Added by the worker when it had to kill a runner. */
const KILLED = 'killed while it used RDMA'

/**
 * Lines with the marker that are no driver errors: a connection attempt that will be repeated, a symbol that the
 * dynamic linker did not find (the backend is then unavailable, which MLX reports itself), and a killed runner, which
 * has its own warning.
 */
const MERE_LINE = new RegExp(`^\\[jaccl\\] (?:Connection attempt \\d+ waiting|dl(?:open|sym)\\b|${KILLED}\\b)`)

/** Extracts the errors of MLX's RDMA backend from a text. */
export const jacclErrors = (text: string): string[] => {
  const marked = text.split(/(?:; )?(?=\[jaccl\])|\n/).map((part) => part.trim())
  return [...new Set(marked.filter((part) => part.startsWith(MARKER) && !MERE_LINE.test(part)))]
}

/**
 * Protection domains are lost until the machine restarts: there are eleven, and killed processes leak theirs. Matches
 * the driver's wording, from a device, and the worker's, from a runner's failure.
 */
const OUT_OF_DOMAINS =
  /could(?: not|n['’]t) allocate protection domain|RDMA ran out of resources that only a restart of this Mac gives back/i

export const isOutOfDomains = (text: string): boolean => OUT_OF_DOMAINS.test(text)

/** Whether a runner was killed while it used RDMA. */
export const isKilledWithDomain = (text: string): boolean => text.includes(KILLED)
