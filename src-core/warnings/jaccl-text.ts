/**
 * What a worker puts before an error that may be the driver's own fault (`src-main/worker/causes.ts`), as MLX does
 * before every message of its RDMA backend.
 */
const MARKER = '[jaccl]'

/** What a worker adds where a runner had to be killed. */
const KILLED = 'killed while it used RDMA'

/**
 * What has the marker and is no error of the driver: a connection attempt that will be repeated, a symbol that the
 * dynamic linker did not find (then the backend is not available, which MLX says itself), and a runner that had to be
 * killed, of which another warning speaks.
 */
const MERE_LINE = new RegExp(`^\\[jaccl\\] (?:Connection attempt \\d+ waiting|dl(?:open|sym)\\b|${KILLED}\\b)`)

/** The errors of MLX's RDMA backend in a text, each as it says itself. */
export const jacclErrors = (text: string): string[] => {
  const marked = text.split(/(?:; )?(?=\[jaccl\])|\n/).map((part) => part.trim())
  return [...new Set(marked.filter((part) => part.startsWith(MARKER) && !MERE_LINE.test(part)))]
}

/**
 * Protection domains are gone until the machine restarts: killed processes keep theirs, and there are eleven.
 * In the driver's words, as a device may say it, and in the worker's, as a runner's failure does.
 */
const OUT_OF_DOMAINS =
  /could(?: not|n['’]t) allocate protection domain|RDMA ran out of resources that only a restart of this Mac gives back/i

export const isOutOfDomains = (text: string): boolean => OUT_OF_DOMAINS.test(text)

/** A runner was killed while it used RDMA. */
export const isKilledWithDomain = (text: string): boolean => text.includes(KILLED)
