import type { CodedText } from './coded'
import type { NodeTextKey } from './en/node'

type Remedy = Extract<NodeTextKey, `${'downloads' | 'failures'}.todo.${string}`>

/**
 * The remedy for a failure, whose message may use values of the failure. Failures that are not listed contain their
 * remedy, or are consequences of another one.
 */
const REMEDIES: Partial<Readonly<Record<NodeTextKey, Remedy>>> = {
  'downloads.hub.gated': 'downloads.todo.license',
  'downloads.hub.tokenRefused': 'downloads.todo.token',
  'failures.left': 'failures.todo.machine',
  'failures.silent': 'failures.todo.machine',
  'failures.connectionLost': 'failures.todo.connection',
  'failures.ringUnreachable': 'failures.todo.connection',
  'failures.ringLost': 'failures.todo.connection',
  'failures.rdmaUnreachable': 'failures.todo.connection',
  'failures.rdmaLost': 'failures.todo.connection',
  'failures.modelFile': 'failures.todo.files',
  'failures.unsupported': 'failures.todo.unsupported',
  'failures.damagedFile': 'failures.todo.files',
  'failures.unsupportedModel': 'failures.todo.unsupported',
  'failures.modelGone': 'failures.todo.download',
  'failures.outOfMemory': 'failures.todo.memory',
  'failures.outOfMemoryBuffer': 'failures.todo.memory',
  'failures.outOfMemoryGpu': 'failures.todo.memory',
  'failures.outOfMemoryKilled': 'failures.todo.memory',
  'failures.outOfMemoryEnded': 'failures.todo.memory',
  'failures.pythonIncomplete': 'failures.todo.python',
  'failures.gpuKernel': 'failures.todo.python',
  'failures.diskFull': 'failures.todo.disk',
  'failures.gpuCrash': 'failures.todo.gpu',
  'failures.metalTimeout': 'failures.todo.gpu',
  'failures.metalBuffers': 'failures.todo.gpu',
  'failures.killed': 'failures.todo.again',
  'failures.endedSilently': 'failures.todo.again',
  'failures.endedItself': 'failures.todo.again',
  'failures.endedCode': 'failures.todo.again',
  'failures.endedSignal': 'failures.todo.again',
  'failures.unknown': 'failures.todo.again',
}

const known: ReadonlyMap<string, Remedy> = new Map(Object.entries(REMEDIES))

/** Returns the remedy for a failure, or for the first of its parts that has one; undefined if none has. */
export const remedyOf = ({ code, values = {} }: CodedText): CodedText | undefined => {
  const remedy = known.get(code)
  // The remedy's message uses some of the failure's values.
  if (remedy !== undefined) return { code: remedy, values }
  for (const value of Object.values(values)) {
    if (typeof value !== 'object' || !('list' in value)) continue
    for (const item of value.list) {
      const inner = typeof item === 'string' ? undefined : remedyOf(item)
      if (inner) return inner
    }
  }
  return undefined
}
