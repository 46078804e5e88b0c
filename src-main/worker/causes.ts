import type { Exit } from './console'

interface Pattern {
  readonly pattern: RegExp
  /** With `$1` for what the pattern's group holds. */
  readonly cause: string
}

/**
 * What MLX, Metal and Python print when they die, and what it means to a person. First match wins. What may be the
 * driver's own fault keeps MLX's mark `[jaccl]`, by which warnings know it; what is only not set up right does not.
 */
const PATTERNS: readonly Pattern[] = [
  {
    pattern: /kIOGPUCommandBufferCallbackErrorOutOfMemory|Insufficient Memory|std::bad_alloc|MemoryError/i,
    cause: 'out of memory',
  },
  { pattern: /\[malloc\w*\] Unable to allocate|Cannot allocate memory/i, cause: 'out of memory' },
  {
    pattern: /Attempting to allocate \d+ bytes which is greater than/i,
    cause: 'out of memory: one buffer is larger than this GPU allows',
  },
  {
    pattern: /\bcu(?:da)?\w*\(.*\bout of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation/i,
    cause: 'out of memory on the GPU',
  },
  {
    pattern:
      /CUDA driver version is insufficient|cudaErrorInsufficientDriver|provided PTX was compiled with an unsupported toolchain/i,
    cause: 'the NVIDIA driver is too old for the installed MLX: update the driver to 580 or newer',
  },
  {
    pattern: /no CUDA-capable device is detected|cudaErrorNoDevice|libcuda\.so\S*: cannot open shared object/i,
    cause:
      'no NVIDIA GPU can be used here: see whether nvidia-smi lists one, and in a container whether it was given one',
  },
  {
    pattern: /no kernel image is available|cudaErrorNoKernelImageForDevice|device kernel image is invalid/i,
    cause: 'this GPU is too old for the installed MLX, which needs compute capability 7.5',
  },
  {
    pattern: /uncorrectable ECC error|cudaErrorECCUncorrectable|GPU has fallen off the bus/i,
    cause: 'the GPU’s hardware reports an error: see `nvidia-smi -q` and the kernel’s log',
  },
  {
    pattern: /the launch timed out and was terminated|cudaErrorLaunchTimeout/i,
    cause: 'the GPU took too long and was stopped by its driver: it drives a screen as well',
  },
  {
    pattern: /an illegal memory access was encountered|cudaErrorIllegalAddress|unspecified launch failure/i,
    cause: 'a computation on the GPU crashed (CUDA)',
  },
  {
    pattern: /\bnvrtc\w*.*(?:error|failed)|Failed to compile kernel/i,
    cause: 'a kernel for the GPU could not be compiled: the Python environment is incomplete; run the set-up again',
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorTimeout|Caused GPU Timeout/i,
    cause: 'the GPU took too long and was stopped by macOS (Metal time-out)',
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorImpactingInteractivity|Impacting Interactivity/i,
    cause: 'macOS stopped the GPU work to keep the screen responsive',
  },
  {
    pattern: /\[metal::malloc\] Resource limit \(\d+\) exceeded/i,
    cause: 'Metal ran out of resources: too many buffers',
  },
  {
    pattern: /using language version [\d.]+ which is incompatible|Metal math mode .* requires macOS/i,
    cause: 'this macOS is too old for the installed MLX',
  },
  { pattern: /No Metal device available/i, cause: 'no GPU can be used here: MLX needs a Mac with a user logged in' },
  {
    pattern: /\[ring\] (?:Couldn't connect|Attempt \d+ waiting)/,
    cause: 'another machine could not be reached (ring)',
  },
  {
    pattern: /\[ring\].*(?:lost|closed by the peer|Too many send\/recv errors|(?:Send|Recv|Sending|Receiving).*failed)/,
    cause: 'the connection to another machine was lost (ring)',
  },
  {
    pattern: /\[jaccl\] Could not find device \S+ \(0 available\)/,
    cause: 'RDMA is not enabled on this Mac: turn it on with `rdma_ctl enable` in macOS Recovery',
  },
  {
    pattern: /\[jaccl\] Could not (?:find|open) device/,
    cause: 'the RDMA device of that Thunderbolt port is not there: check the cable',
  },
  {
    pattern: /\[jaccl\] (?:No IPv4-mapped GID|Changing queue pair to RTR failed with errno 22)/,
    cause:
      'RDMA needs an IPv4 address on the Thunderbolt port, and the port in no bridge: see System Settings → Network',
  },
  {
    pattern:
      /\[jaccl\] (?:Couldn't (?:allocate protection domain|create (?:completion queue|queue pair))|Creating the queue pair failed|Register memory region failed)/,
    cause: '[jaccl] RDMA ran out of resources that only a restart of this Mac gives back',
  },
  {
    pattern: /\[jaccl\] (?:Couldn't connect|Connection attempt \d+ waiting)/,
    cause: 'another machine could not be reached (JACCL)',
  },
  {
    pattern: /\[jaccl\] (?:Send|Recv) failed/,
    cause: '[jaccl] the RDMA connection to another machine was lost',
  },
  {
    pattern: /\[jaccl\] (?!Connection attempt|dl(?:open|sym)\b)(.{1,200})/,
    cause: '[jaccl] the RDMA connection failed: $1',
  },
  { pattern: /No module named '?[\w.]+/, cause: 'the Python environment is incomplete; run the set-up again' },
  { pattern: /No space left on device/i, cause: 'the disk is full' },
]

/** How many of the last lines are searched for a cause. */
const SEARCHED_LINES = 20
/** How many of them an unknown end shows. */
const LAST_LINES = 2

export const knownCause = (text: string): string | undefined => {
  for (const { pattern, cause } of PATTERNS) {
    const found = pattern.exec(text)
    if (found) return cause.replace('$1', () => found[1] ?? '')
  }
  return undefined
}

/** What is known of a runner's end. */
export interface Death {
  readonly exit: Exit
  /** What it said itself, or what its supervisor found wrong with it. */
  readonly said: string | undefined
  /** Its console, oldest line first. */
  readonly lines: readonly string[]
  /** Linux ended a process for want of memory while it ran. */
  readonly memoryRanOut: boolean
}

/** Signals that come from people and their tools, hardly ever from what a process does. */
const SENT_SIGNALS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])
/** Of a runner's own `failed`: another rank or the way to it is gone. */
const CODES_OF_OTHERS: ReadonlySet<string> = new Set(['ring', 'jaccl', 'side_channel'])

/**
 * Whether a runner died of what it computed: it crashed, failed, hung or took all memory. False where somebody killed
 * it or another machine was lost. `code` is that of its own `failed`.
 */
export const diedOfItsWork = ({
  exit,
  said,
  code,
  memoryRanOut,
}: Omit<Death, 'lines'> & { readonly code: string | undefined }): boolean => {
  if (code !== undefined && CODES_OF_OTHERS.has(code)) return false
  if (said !== undefined || memoryRanOut) return true
  // Of a runner that was taken over nobody knows how it ended.
  if (exit.signal === undefined) return exit.code !== undefined && exit.code !== 0
  return !SENT_SIGNALS.has(exit.signal)
}

const howItEnded = ({ exit: { code, signal }, memoryRanOut }: Death): string => {
  switch (signal) {
    case 'SIGKILL':
      return memoryRanOut
        ? 'out of memory: the system killed it (SIGKILL)'
        : 'killed by SIGKILL (by somebody, or by the system because memory ran out)'
    case 'SIGILL':
      return 'ended by SIGILL: this processor lacks an instruction that MLX uses'
    case undefined:
      if (code === undefined) return memoryRanOut ? 'out of memory: the system killed it' : 'ended without a word'
      return code === 0 ? 'ended by itself' : `ended with code ${code}`
    default:
      return `ended by ${signal}`
  }
}

/**
 * Why a runner died, as a person can act on it: a known cause from what it said or printed, else what
 * it said, else how it ended and its last lines.
 */
export const causeOfDeath = (death: Death): string => {
  const { said, lines } = death
  const tail = lines.slice(-SEARCHED_LINES)
  const known = knownCause([...(said === undefined ? [] : [said]), ...tail].join('\n'))
  if (known !== undefined) return known
  if (said !== undefined) return said
  const last = tail.slice(-LAST_LINES).join(' · ').slice(0, 400)
  return last === '' ? howItEnded(death) : `${howItEnded(death)}: ${last}`
}
