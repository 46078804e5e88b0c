import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { MeasuredSpeed } from '@core/state/measured-speeds'
import { replaceFile } from '../../disk/replace-file'

/** A node's measurements of its machine, kept across restarts. */
export const Measured = z.object({
  /** Memory bandwidth of `chip`, in bytes per second of reading weights. */
  memoryBandwidth: z.object({ chip: z.string(), bytesPerSecond: z.number().positive() }).optional(),
  speeds: z.array(MeasuredSpeed).default([]),
})
export type Measured = z.infer<typeof Measured>

/** A missing or damaged file counts as empty: everything can be measured again. */
export const readMeasured = async (path: string): Promise<Measured> => {
  try {
    return Measured.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return { speeds: [] }
  }
}

export const writeMeasured = (path: string, measured: Measured): Promise<void> =>
  replaceFile(path, `${JSON.stringify(measured)}\n`)
