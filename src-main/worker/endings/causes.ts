import { coded, type CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import type { NodeTextKey } from '@core/texts/en/node'
import type { Exit } from '../process/console'

type Cause = Extract<NodeTextKey, `failures.${string}`>

interface Pattern {
  readonly pattern: RegExp
  /** Text key. Its message takes no value, or `error`: the pattern's captured group. */
  readonly cause: Cause
}

/**
 * Patterns of what MLX, Metal and Python print when they fail, with the cause for people. First match wins. Causes that
 * may be the driver's own fault keep MLX's mark `[jaccl]`, which warnings look for; mere misconfiguration does not.
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

/** Last lines searched for a known cause. */
const SEARCHED_LINES = 20
/** Last lines shown if the cause is unknown. */
const LAST_LINES = 2

const knownCause = (text: string): CodedText | undefined => {
  for (const { pattern, cause } of PATTERNS) {
    const [found, error] = pattern.exec(text) ?? []
    if (found !== undefined) return { code: cause, ...(error !== undefined && { values: { error } }) }
  }
  return undefined
}

/** The facts about a runner's end. */
export interface Death {
  readonly exit: Exit
  /** Its own error message, or what the supervisor reported about it. */
  readonly reported: string | undefined
  /** Its console, oldest line first. */
  readonly lines: readonly string[]
  /** Whether Linux's OOM killer ended a process while it ran. */
  readonly memoryRanOut: boolean
}

/** Signals sent by people and their tools, hardly ever by a fault of the process. */
const SENT_SIGNALS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])
/** Codes of a runner's `failed` for losing another rank or the connection to it. */
const CODES_OF_OTHERS: ReadonlySet<string> = new Set(['ring', 'jaccl', 'side_channel'])

/**
 * Whether a runner died of its own computation: crash, error, hang or out of memory. False if it was killed by a person
 * or another machine was lost. `code` is that of its own `failed`.
 */
export const diedOfItsWork = ({
  exit,
  reported,
  code,
  memoryRanOut,
}: Omit<Death, 'lines'> & { readonly code: string | undefined }): boolean => {
  if (code !== undefined && CODES_OF_OTHERS.has(code)) return false
  if (reported !== undefined || memoryRanOut) return true
  // The exit of an adopted runner is unknown: it is not our child.
  if (exit.signal === undefined) return exit.code !== undefined && exit.code !== 0
  return !SENT_SIGNALS.has(exit.signal)
}

const exitCause = ({ exit: { code, signal }, memoryRanOut }: Death): CodedText => {
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

/**
 * Why a runner failed: in English, with its last output lines if the cause is unknown; and as a coded text for people.
 */
export interface FailureCause {
  readonly errorMessage: string
  readonly coded: CodedText | undefined
}

export const causeFrom = (cause: CodedText): FailureCause => ({ errorMessage: inEnglish(cause), coded: cause })

/** Limit of a quoted message, in characters. */
const QUOTED_CHARACTERS = 300

const quoted = (message: string): string => message.replaceAll(/\s+/g, ' ').trim().slice(0, QUOTED_CHARACTERS)

/**
 * A text for people if the failure's code says that the model itself is at fault; quotes the message, which names the
 * file.
 */
export const modelFault = (code: string | undefined, message: string): CodedText | undefined => {
  switch (code) {
    case 'model_file':
      return coded('failures.damagedFile', { error: quoted(message) })
    case 'unsupported':
      return coded('failures.unsupportedModel', { error: quoted(message) })
    default:
      return undefined
  }
}

/**
 * Explains why a runner died: a known cause from its message or output, else its own message, else its exit and last
 * lines.
 *
 * @param reportedCode code of its own `failed`
 */
export const causeOfDeath = (death: Death, reportedCode?: string): FailureCause => {
  const { reported, lines } = death
  const tail = lines.slice(-SEARCHED_LINES)
  const known = knownCause([...(reported === undefined ? [] : [reported]), ...tail].join('\n'))
  if (known !== undefined) return causeFrom(known)
  if (reported !== undefined) return { errorMessage: reported, coded: modelFault(reportedCode, reported) }
  const last = tail.slice(-LAST_LINES).join(' · ').slice(0, 400)
  const end = exitCause(death)
  return { errorMessage: last === '' ? inEnglish(end) : `${inEnglish(end)}: ${last}`, coded: end }
}
