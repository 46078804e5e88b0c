import { z } from 'zod'
import type { NodeInfo } from '@core/state/nodes'

const Report = z.object({
  SPHardwareDataType: z
    .tuple([z.object({ machine_model: z.string(), machine_name: z.string().optional() })])
    .rest(z.unknown()),
})

/** Parses `system_profiler SPHardwareDataType -json`: the machine's model (`Mac15,14`, `Mac Studio`). */
export const parseHardware = (text: string): NodeInfo['model'] => {
  try {
    const { machine_model: identifier, machine_name: name } = Report.parse(JSON.parse(text)).SPHardwareDataType[0]
    return { identifier, ...(name !== undefined && { name }) }
  } catch {
    return undefined
  }
}
