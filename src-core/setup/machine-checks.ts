import type { Node } from '../state/nodes'
import { coded } from '../texts/coded'
import type { Check } from './check'

const GB = 1e9
/** Below this, only the smallest models fit. */
const SMALL_MEMORY = 8 * GB
/** Free memory below which the suggested first model does not fit beside running programs. */
const TIGHT_MEMORY = 2 * GB
/** Below this, only one medium-sized model fits on the disk. */
const SMALL_DISK = 20 * GB
const FULL_DISK = 2 * GB

/** Models run on Apple’s GPUs. On other machines they run on the CPU, slowly. */
export const chipCheck = ({ chip, os, model }: Node): Check => {
  const check = { id: 'chip', title: coded('checks.chip.title') } as const
  const name = model?.name === undefined ? chip : `${model.name}, ${chip}`
  if (os.platform !== 'darwin') return { ...check, state: 'ok', line: coded('checks.chip.notAMac', { name }), fix: [] }
  if (chip.startsWith('Apple')) return { ...check, state: 'ok', line: coded('checks.chip.name', { name }), fix: [] }
  return {
    ...check,
    state: 'problem',
    line: coded('checks.chip.intel', { name }),
    fix: [{ text: coded('checks.chip.join') }],
  }
}

export const memoryCheck = ({ memory }: Node): Check => {
  const check = { id: 'memory', title: coded('checks.memory.title') } as const
  const free = memory.ramAvailable + memory.heldByRunners
  const sizes = { total: { bytes: memory.ramTotal }, free: { bytes: free } }
  if (free < TIGHT_MEMORY)
    return {
      ...check,
      state: 'problem',
      line: coded('checks.memory.tight', sizes),
      fix: [{ text: coded('checks.memory.quit') }],
    }
  if (memory.ramTotal < SMALL_MEMORY)
    return {
      ...check,
      state: 'hint',
      line: coded('checks.memory.small', sizes),
      fix: [{ text: coded('checks.memory.join') }],
    }
  return { ...check, state: 'ok', line: coded('checks.memory.free', sizes), fix: [] }
}

export const diskCheck = ({ disk }: Node): Check | undefined => {
  if (!disk) return undefined
  const check = { id: 'disk', title: coded('checks.disk.title') } as const
  const free = { bytes: disk.freeBytes }
  if (disk.freeBytes >= SMALL_DISK) return { ...check, state: 'ok', line: coded('checks.disk.free', { free }), fix: [] }
  const full = disk.freeBytes < FULL_DISK
  return {
    ...check,
    state: full ? 'problem' : 'hint',
    line: coded(full ? 'checks.disk.full' : 'checks.disk.small', { free }),
    fix: [
      {
        text: coded('checks.disk.another'),
        commands: ['muster serve --data-dir DIR'],
      },
    ],
  }
}
