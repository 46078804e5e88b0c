import type { Exit } from './console-process'

interface Pattern {
  readonly pattern: RegExp
  readonly cause: string
}

/** What MLX, Metal and Python print when they die, and what it means to a person. First match wins. */
const PATTERNS: readonly Pattern[] = [
  {
    pattern:
      /kIOGPUCommandBufferCallbackErrorOutOfMemory|Insufficient Memory|std::bad_alloc|MemoryError|Unable to allocate|\[malloc/i,
    cause: 'out of memory',
  },
  {
    pattern: /Attempting to allocate \d+ bytes which is greater than/i,
    cause: 'out of memory: one buffer is larger than this GPU allows',
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorTimeout|Caused GPU Timeout/i,
    cause: 'the GPU took too long and was stopped by macOS (Metal time-out)',
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorImpactingInteractivity|Impacting Interactivity/i,
    cause: 'macOS stopped the GPU work to keep the screen responsive',
  },
  { pattern: /Resource limit.*exceeded/i, cause: 'Metal ran out of resources' },
  {
    pattern: /language version .* (?:not supported|is not)|unsupported.*metal.*version/i,
    cause: 'this macOS is too old for the installed MLX',
  },
  {
    pattern: /\[ring\].*(?:lost|closed|Too many|send|recv)/i,
    cause: 'the connection to another machine was lost (ring)',
  },
  { pattern: /\[ring\].*connect/i, cause: 'another machine could not be reached (ring)' },
  { pattern: /\[jaccl\]/i, cause: 'the RDMA connection failed (JACCL)' },
  { pattern: /No module named '?([\w.]+)/, cause: 'the Python environment is incomplete; run the set-up again' },
  { pattern: /No space left on device/i, cause: 'the disk is full' },
]

/** How many of the last lines an unknown end shows. */
const LAST_LINES = 2

export const knownCause = (text: string): string | undefined =>
  PATTERNS.find(({ pattern }) => pattern.test(text))?.cause

const howItEnded = ({ code, signal }: Exit): string => {
  switch (signal) {
    case 'SIGKILL':
      return 'killed by SIGKILL (by somebody, or by the system because memory ran out)'
    case 'SIGILL':
      return 'ended by SIGILL: this processor lacks an instruction that MLX uses'
    case undefined:
      return `ended with code ${code ?? 'unknown'}`
    default:
      return `ended by ${signal}`
  }
}

/**
 * Why a runner died, as a person can act on it: a known cause from what it said or printed, else what
 * it said, else how it ended and its last lines.
 */
export const causeOfDeath = (exit: Exit, said: string | undefined, lines: readonly string[]): string => {
  const tail = lines.slice(-20)
  const known = knownCause([...(said === undefined ? [] : [said]), ...tail].join('\n'))
  if (known !== undefined) return known
  if (said !== undefined) return said
  const last = tail.slice(-LAST_LINES).join(' · ').slice(0, 400)
  return last === '' ? howItEnded(exit) : `${howItEnded(exit)}: ${last}`
}
