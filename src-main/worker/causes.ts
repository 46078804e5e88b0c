import { coded, type CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import type { NodeTextKey } from '@core/texts/en/node'
import type { Exit } from './console'

type Cause = Extract<NodeTextKey, `failures.${string}`>

interface Pattern {
  readonly pattern: RegExp
  /** Its message has no value, or `error`: what the pattern's group holds. */
  readonly cause: Cause
}

/**
 * What MLX, Metal and Python print when they die, and what it means to a person. First match wins. What may be the
 * driver's own fault keeps MLX's mark `[jaccl]`, by which warnings know it; what is only not set up right does not.
 */
const PATTERNS: readonly Pattern[] = [
  {
    pattern: /kIOGPUCommandBufferCallbackErrorOutOfMemory|Insufficient Memory|std::bad_alloc|MemoryError/i,
    cause: 'failures.outOfMemory',
  },
  { pattern: /\[malloc\w*\] Unable to allocate|Cannot allocate memory/i, cause: 'failures.outOfMemory' },
  {
    pattern: /Attempting to allocate \d+ bytes which is greater than/i,
    cause: 'failures.outOfMemoryBuffer',
  },
  {
    pattern: /\bcu(?:da)?\w*\(.*\bout of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation/i,
    cause: 'failures.outOfMemoryGpu',
  },
  {
    pattern:
      /CUDA driver version is insufficient|cudaErrorInsufficientDriver|provided PTX was compiled with an unsupported toolchain/i,
    cause: 'failures.nvidiaDriver',
  },
  {
    pattern: /no CUDA-capable device is detected|cudaErrorNoDevice|libcuda\.so\S*: cannot open shared object/i,
    cause: 'failures.noNvidia',
  },
  {
    pattern: /no kernel image is available|cudaErrorNoKernelImageForDevice|device kernel image is invalid/i,
    cause: 'failures.oldGpu',
  },
  {
    pattern: /uncorrectable ECC error|cudaErrorECCUncorrectable|GPU has fallen off the bus/i,
    cause: 'failures.gpuHardware',
  },
  {
    pattern: /the launch timed out and was terminated|cudaErrorLaunchTimeout/i,
    cause: 'failures.gpuScreen',
  },
  {
    pattern: /an illegal memory access was encountered|cudaErrorIllegalAddress|unspecified launch failure/i,
    cause: 'failures.gpuCrash',
  },
  {
    pattern: /\bnvrtc\w*.*(?:error|failed)|Failed to compile kernel/i,
    cause: 'failures.gpuKernel',
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorTimeout|Caused GPU Timeout/i,
    cause: 'failures.metalTimeout',
  },
  {
    pattern: /kIOGPUCommandBufferCallbackErrorImpactingInteractivity|Impacting Interactivity/i,
    cause: 'failures.metalScreen',
  },
  {
    pattern: /\[metal::malloc\] Resource limit \(\d+\) exceeded/i,
    cause: 'failures.metalBuffers',
  },
  {
    pattern: /using language version [\d.]+ which is incompatible|Metal math mode .* requires macOS/i,
    cause: 'failures.oldMacos',
  },
  { pattern: /No Metal device available/i, cause: 'failures.noMetal' },
  {
    pattern: /\[ring\] (?:Couldn't connect|Attempt \d+ waiting)/,
    cause: 'failures.ringUnreachable',
  },
  {
    pattern: /\[ring\].*(?:lost|closed by the peer|Too many send\/recv errors|(?:Send|Recv|Sending|Receiving).*failed)/,
    cause: 'failures.ringLost',
  },
  {
    pattern: /\[jaccl\] Could not find device \S+ \(0 available\)/,
    cause: 'failures.rdmaOff',
  },
  {
    pattern: /\[jaccl\] Could not (?:find|open) device/,
    cause: 'failures.rdmaNoDevice',
  },
  {
    pattern: /\[jaccl\] (?:No IPv4-mapped GID|Changing queue pair to RTR failed with errno 22)/,
    cause: 'failures.rdmaNoAddress',
  },
  {
    pattern:
      /\[jaccl\] (?:Couldn't (?:allocate protection domain|create (?:completion queue|queue pair))|Creating the queue pair failed|Register memory region failed)/,
    cause: 'failures.rdmaExhausted',
  },
  {
    pattern: /\[jaccl\] (?:Couldn't connect|Connection attempt \d+ waiting)/,
    cause: 'failures.rdmaUnreachable',
  },
  {
    pattern: /\[jaccl\] (?:Send|Recv) failed/,
    cause: 'failures.rdmaLost',
  },
  {
    pattern: /\[jaccl\] (?!Connection attempt|dl(?:open|sym)\b)(.{1,200})/,
    cause: 'failures.rdmaFailed',
  },
  { pattern: /No module named '?[\w.]+/, cause: 'failures.pythonIncomplete' },
  { pattern: /No space left on device/i, cause: 'failures.diskFull' },
]

/** How many of the last lines are searched for a cause. */
const SEARCHED_LINES = 20
/** How many of them an unknown end shows. */
const LAST_LINES = 2

export const knownCause = (text: string): CodedText | undefined => {
  for (const { pattern, cause } of PATTERNS) {
    const [found, error] = pattern.exec(text) ?? []
    if (found !== undefined) return { code: cause, ...(error !== undefined && { values: { error } }) }
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

const howItEnded = ({ exit: { code, signal }, memoryRanOut }: Death): CodedText => {
  switch (signal) {
    case 'SIGKILL':
      return coded(memoryRanOut ? 'failures.outOfMemoryKilled' : 'failures.killed')
    case 'SIGILL':
      return coded('failures.badInstruction')
    case undefined:
      if (code === undefined) return coded(memoryRanOut ? 'failures.outOfMemoryEnded' : 'failures.endedSilently')
      return code === 0 ? coded('failures.endedItself') : coded('failures.endedCode', { code })
    default:
      return coded('failures.endedSignal', { signal })
  }
}

/** Why a runner failed: in English with what it said last, and as a code in plain words where the reason is known. */
export interface FailureCause {
  readonly errorMessage: string
  readonly coded: CodedText | undefined
}

export const causeFrom = (cause: CodedText): FailureCause => ({ errorMessage: inEnglish(cause), coded: cause })

/** What a runner's own `failed` means to a person, by its code. */
const plainWords = (code: string | undefined): CodedText | undefined => {
  switch (code) {
    case 'model_file':
      return coded('failures.modelFile')
    case 'unsupported':
      return coded('failures.unsupported')
    default:
      return undefined
  }
}

/**
 * Why a runner died, as a person can act on it: a known cause from what it said or printed, else what
 * it said, else how it ended and its last lines.
 *
 * @param saidCode that of its own `failed`
 */
export const causeOfDeath = (death: Death, saidCode?: string): FailureCause => {
  const { said, lines } = death
  const tail = lines.slice(-SEARCHED_LINES)
  const known = knownCause([...(said === undefined ? [] : [said]), ...tail].join('\n'))
  if (known !== undefined) return causeFrom(known)
  if (said !== undefined) return { errorMessage: said, coded: plainWords(saidCode) }
  const last = tail.slice(-LAST_LINES).join(' · ').slice(0, 400)
  const end = howItEnded(death)
  return { errorMessage: last === '' ? inEnglish(end) : `${inEnglish(end)}: ${last}`, coded: end }
}
