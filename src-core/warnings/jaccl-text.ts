/** What MLX puts before every message of its RDMA backend. */
const MARKER = '[jaccl]'

/**
 * Lines with the marker that are no errors: a connection attempt that will be repeated, and what the
 * dynamic linker says of a symbol it did not find (then the backend is not available, which MLX says itself).
 */
const MERE_LINE = /^\[jaccl\] (?:Connection attempt \d+ waiting|dl(?:open|sym)\b)/

/** A worker may say what such an error means in place of the error. */
const IN_OTHER_WORDS = [
  /\bRDMA ran out of resources that only a restart of this Mac gives back/,
  /\bthe RDMA connection (?:failed|to another machine was lost) \(JACCL\)/,
]

/** The errors of MLX's RDMA backend in a text, each as it says itself. */
export const jacclErrors = (text: string): string[] => {
  const marked = text
    .split(/(?=\[jaccl\])|\n/)
    .filter((part) => part.startsWith(MARKER) && !MERE_LINE.test(part))
    .map((part) => part.trim())
  const reworded = IN_OTHER_WORDS.flatMap((words) => words.exec(text)?.[0] ?? [])
  return [...new Set(marked.length > 0 ? marked : reworded)]
}

/** Protection domains are gone until the machine restarts: killed processes keep theirs, and there are eleven. */
export const isOutOfDomains = (text: string): boolean =>
  /could(?: not|n['’]t) allocate protection domain/i.test(text) || (IN_OTHER_WORDS[0]?.test(text) ?? false)
