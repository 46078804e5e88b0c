import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { MeasuredSpeed } from '@core/state/measured-speeds'
import { replaceFile } from '../../disk/replace-file'

/** What a node has found out about its machine, to be known after the next start. */
export const Measured = z.object({
  /** Bytes per second that `chip` reads weights with. */
  memoryBandwidth: z.object({ chip: z.string(), bytesPerSecond: z.number().positive() }).optional(),
  speeds: z.array(MeasuredSpeed).default([]),
})
export type Measured = z.infer<typeof Measured>

/** A file that is missing or damaged holds nothing: it can all be measured again. */
export const readMeasured = async (path: string): Promise<Measured> => {
  try {
    return Measured.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return { speeds: [] }
  }
}

export const writeMeasured = (path: string, measured: Measured): Promise<void> =>
  replaceFile(path, `${JSON.stringify(measured)}\n`)
