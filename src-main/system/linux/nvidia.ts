import { z } from 'zod'
import drivers from './cuda-drivers.json'
import type { Execute } from '../command'

/** Locations in distributions, containers, WSL and NixOS. */
const PLACES = [
  '/usr/bin/nvidia-smi',
  '/usr/local/bin/nvidia-smi',
  '/usr/lib/wsl/lib/nvidia-smi',
  '/run/current-system/sw/bin/nvidia-smi',
]
const FIELDS = [
  'name',
  'driver_version',
  'memory.total',
  'memory.free',
  'utilization.gpu',
  'temperature.gpu',
  'power.draw',
]
const QUERY = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits']
/** The program takes up to a second if nothing keeps the driver loaded. */
const TIME_LIMIT_MS = 5000
const ASK_EVERY_MS = 5000

const MIB = 1024 * 1024

/** A GPU without some figure prints `[N/A]`, `[Not Supported]` and the like. */
const figure = (least: number, most: number) => z.coerce.number().min(least).max(most).optional().catch(undefined)

const Line = z
  .tuple([
    z.string().min(1).max(200),
    z.string().regex(/^\d+(?:\.\d+)*$/),
    figure(1, 1e9),
    figure(0, 1e9),
    figure(0, 100),
    figure(-100, 300),
    figure(0, 1e5),
  ])
  .transform(([name, driver, total, free, load, temperature, powerWatts]) => ({
    name,
    driver,
    /** Bytes of its own memory; absent if it shares the machine's. */
    ...(total !== undefined && free !== undefined && { memory: { total: total * MIB, free: free * MIB } }),
    /** Between 0 and 1. */
    ...(load !== undefined && { load: load / 100 }),
    ...(temperature !== undefined && { temperature }),
    ...(powerWatts !== undefined && { powerWatts }),
  }))

/** One reading of an NVIDIA GPU. */
export type NvidiaGpu = z.infer<typeof Line>

/** Parses the first GPU in the list of `nvidia-smi`, which models run on; undefined if the text is no such list. */
export const parseNvidiaSmi = (printed: string): NvidiaGpu | undefined => {
  const [first = ''] = printed.trim().split('\n')
  const parts = first.split(',').map((part) => part.trim())
  return parts.length === FIELDS.length ? Line.safeParse(parts).data : undefined
}

/** The pinned packages whose CUDA version this driver supports; undefined if it is too old for all: use the CPU. */
export const cudaRequirements = (driver: string): string | undefined => {
  const major = Number.parseInt(driver, 10)
  return drivers.find(({ driver: least }) => major >= least)?.requirements
}

export interface NvidiaOptions {
  readonly execute: Execute
  readonly places?: readonly string[]
  /** Milliseconds; never decreases. */
  readonly now?: () => number
}

/**
 * This machine's GPU as last read from `nvidia-smi`. The first call waits for it; later ones refresh it in the
 * background. A failing or hanging program leaves the last values; if it is missing it is not called again.
 */
export const nvidiaGpu = ({
  execute,
  places = PLACES,
  now = () => performance.now(),
}: NvidiaOptions): (() => Promise<NvidiaGpu | undefined>) => {
  let candidates = places
  let known: NvidiaGpu | undefined
  let first: Promise<void> | undefined
  let asking = false
  let dueAt = -Infinity

  const ask = async (): Promise<void> => {
    asking = true
    dueAt = now() + ASK_EVERY_MS
    for (const place of candidates) {
      const result = await execute(place, QUERY, { timeLimitMs: TIME_LIMIT_MS })
      if (result.ended === 'missing') continue
      candidates = [place]
      if (result.ended === 'time_limit') {
        // A hanging driver must not accumulate processes.
        void result.gone.then(() => (asking = false))
        return
      }
      known = parseNvidiaSmi(result.stdout) ?? known
      asking = false
      return
    }
    candidates = []
    asking = false
  }

  return async () => {
    if (!asking && candidates.length > 0 && now() >= dueAt) {
      const asked = ask()
      first ??= asked
    }
    await first
    return known
  }
}
