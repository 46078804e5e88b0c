import type { NodeInfo } from '@core/state/nodes'

export type MemoryPressure = NonNullable<NonNullable<NodeInfo['system']>['memoryPressure']>

/** Values of `kern.memorystatus_vm_pressure_level`: 1, 2 and 4. */
export const memoryPressureOf = (level: string | undefined): MemoryPressure | undefined => {
  switch (level) {
    case '1':
      return 'normal'
    case '2':
      return 'warning'
    case '4':
      return 'critical'
    default:
      return undefined
  }
}
