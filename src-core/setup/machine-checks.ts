import type { Node } from '../state/nodes'
import type { Check } from './check'

const GB = 1e9
/** Below this only the smallest models fit. */
const SMALL_MEMORY = 8 * GB
/** Free memory below which the model of a first try does not fit beside what runs. */
const TIGHT_MEMORY = 2 * GB
/** Below this only one model of middle size fits on the disk. */
const SMALL_DISK = 20 * GB
const FULL_DISK = 2 * GB

const gigabytes = (bytes: number): string => `${Math.round(bytes / GB)} GB`

/** Models compute on Apple’s graphics processors; elsewhere on the processor, slowly. */
export const chipCheck = ({ chip, os, model }: Node): Check => {
  const check = { id: 'chip', title: 'Chip' } as const
  const name = model?.name === undefined ? chip : `${model.name}, ${chip}`
  if (os.platform !== 'darwin')
    return { ...check, state: 'ok', line: `${name} · models run on its processor, slower than on a Mac`, fix: [] }
  if (chip.startsWith('Apple')) return { ...check, state: 'ok', line: name, fix: [] }
  return {
    ...check,
    state: 'problem',
    line: `${name} · MLX needs an Apple chip`,
    fix: [{ text: 'This Mac can take part without running models; let it join Macs with Apple chips.' }],
  }
}

export const memoryCheck = ({ memory }: Node): Check => {
  const check = { id: 'memory', title: 'Memory' } as const
  const free = memory.ramAvailable + memory.heldByRunners
  const line = `${gigabytes(memory.ramTotal)}, ${gigabytes(free)} free`
  if (free < TIGHT_MEMORY)
    return {
      ...check,
      state: 'problem',
      line: `${line} · too little for most models`,
      fix: [{ text: 'Quit programs that use much memory: a browser with many tabs, virtual machines.' }],
    }
  if (memory.ramTotal < SMALL_MEMORY)
    return {
      ...check,
      state: 'hint',
      line: `${line} · small models fit`,
      fix: [{ text: 'Let this machine join others: together they hold what none of them can alone.' }],
    }
  return { ...check, state: 'ok', line, fix: [] }
}

export const diskCheck = ({ disk }: Node): Check | undefined => {
  if (!disk) return undefined
  const check = { id: 'disk', title: 'Disk for models' } as const
  const line = `${gigabytes(disk.freeBytes)} free`
  if (disk.freeBytes >= SMALL_DISK) return { ...check, state: 'ok', line, fix: [] }
  const full = disk.freeBytes < FULL_DISK
  return {
    ...check,
    state: full ? 'problem' : 'hint',
    line: full ? `${line} · no model can be downloaded` : `${line} · models take 1 to 100 GB each`,
    fix: [
      {
        text: 'Free some disk, or start Muster with its data on another one:',
        commands: ['muster serve --data-dir DIR'],
      },
    ],
  }
}
