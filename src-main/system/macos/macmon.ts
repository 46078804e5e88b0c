import { z } from 'zod'
import type { Execute } from '../command'
import type { Sensors } from '../facts'

/** Where package managers install it. Optional: macOS itself reports power only to root. */
const PLACES = ['/opt/homebrew/bin/macmon', '/usr/local/bin/macmon', '/opt/local/bin/macmon']
/** Sampling interval; one sample needs two readings of the counters. */
const SAMPLE_MS = 250
const TIME_LIMIT_MS = 3000

const Ratio = z.number().min(0).max(1)

/** One sample. The field for GPU load was renamed in 0.8.0 and again in 0.8.1. */
const Sample = z.object({
  temp: z.object({ cpu_temp_avg: z.number().optional(), gpu_temp_avg: z.number().optional() }).optional(),
  gpu_usage: z.tuple([z.number(), Ratio]).optional(),
  gpu_usage_ratio: Ratio.optional(),
  gpu_scaled_ratio: Ratio.optional(),
  sys_power: z.number().nonnegative().optional(),
  all_power: z.number().nonnegative().optional(),
})

const parseLine = (line: string): z.infer<typeof Sample> | undefined => {
  try {
    return Sample.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Parses the last complete line of `macmon pipe`, which prints a sample per line. Missing fans and sensors are 0. */
export const parseMacmon = (text: string): Sensors => {
  const sample = text
    .trim()
    .split('\n')
    .reverse()
    .map(parseLine)
    .find((one) => one !== undefined)
  if (!sample) return {}
  const {
    temp,
    gpu_usage: usage,
    gpu_usage_ratio: ratio,
    gpu_scaled_ratio: scaled,
    sys_power: all,
    all_power: chip,
  } = sample
  const gpuLoad = scaled ?? ratio ?? usage?.[1]
  const temperature = Math.max(temp?.cpu_temp_avg ?? 0, temp?.gpu_temp_avg ?? 0)
  // The whole machine's power if there is a sensor, else the chip's.
  const powerWatts = [all, chip].find((watts) => watts !== undefined && watts > 0)
  return {
    ...(gpuLoad !== undefined && { gpuLoad }),
    ...(temperature > 0 && { temperature }),
    ...(powerWatts !== undefined && { powerWatts }),
  }
}

/** Takes one sample. If macmon is not installed, it is not looked for again. */
export const macmonReader = ({ execute }: { readonly execute: Execute }): (() => Promise<Sensors | undefined>) => {
  let places = PLACES
  return async () => {
    for (const place of places) {
      const args = ['pipe', '-s', '1', '-i', String(SAMPLE_MS)]
      const result = await execute(place, args, { timeLimitMs: TIME_LIMIT_MS })
      if (result.ended === 'missing') continue
      places = [place]
      return result.ended === 'exited' ? parseMacmon(result.stdout) : undefined
    }
    places = []
    return undefined
  }
}
