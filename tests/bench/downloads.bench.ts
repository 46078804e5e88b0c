import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { ModelId } from '@core/ids'
import { Fetcher } from '@main/models/fetching/fetcher'
import { RateLimit } from '@main/models/fetching/rate-limit'
import { hubEndpoint } from '@main/models/hub/endpoint'
import { Hub } from '@main/models/hub/hub'
import { hubSource } from '@main/models/hub/hub-source'
import { temporaryFolder } from '../harness/headless-node'
import { figure, median, spread, type Bench, type Row } from './report'

const MODEL = ModelId.parse('bench/large')
const BYTES = 256 * 1024 * 1024
const RUNS = 3
const AT_LEAST = 0.8

const megabytes = (bytesPerSecond: number): string => `${Math.round(bytesPerSecond / 1e6)} MB/s`

const rate = async (act: () => Promise<void>): Promise<number> => {
  const begun = performance.now()
  await act()
  return (1000 * BYTES) / (performance.now() - begun)
}

const byCurl = async (url: string, folder: string): Promise<void> => {
  const file = `${url}/${MODEL}/resolve/main/model.safetensors`
  await promisify(execFile)('curl', [
    '--silent',
    '--show-error',
    '--fail',
    '--location',
    '-o',
    join(folder, 'curl'),
    file,
  ])
}

/** All that the node does: listing, pieces, hash, rename. */
const byMuster = async (url: string, folder: string): Promise<void> => {
  const hub = new Hub({ endpoint: hubEndpoint({ env: { HF_ENDPOINT: url }, home: folder }), offline: undefined })
  const failures: string[] = []
  await new Promise<void>((resolve) => {
    new Fetcher({
      modelsDir: join(folder, 'models'),
      peers: () => [],
      hub: (modelId) => hubSource(hub, modelId),
      waiting: () => () => false,
      away: () => undefined,
      freeBytes: () => Promise.resolve(undefined),
      keepFreeBytes: () => 0,
      limit: new RateLimit({ bytesPerSecond: () => 0 }),
      onProgress: (_, download) => void failures.push(...(download?.error === undefined ? [] : [download.error])),
      onComplete: () => {
        resolve()
        return Promise.resolve(undefined)
      },
      log: { info: () => undefined, warn: () => undefined },
    }).need(MODEL)
  })
  if (failures.length > 0) throw new Error(failures.join('; '))
}

/** How fast a large file comes from a hub, beside curl with the same hub at the same time of day. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  const script = join(import.meta.dirname, 'large-hub.ts')
  const hub = spawn(process.execPath, [...process.execArgv, script, String(BYTES)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: hub.stdout })
  const [first] = (await once(lines, 'line')) as [string]
  const rows: Row[] = []
  const measure = async (name: string, perConnection: number, atLeast?: number): Promise<void> => {
    hub.stdin.write(`${perConnection}\n`)
    await once(lines, 'line')
    const curl: number[] = []
    const muster: number[] = []
    for (let at = 0; at < RUNS; at += 1) {
      curl.push(await rate(() => byCurl(first, folder.path)))
      muster.push(await rate(() => byMuster(first, folder.path)))
      rmSync(join(folder.path, 'models'), { recursive: true })
      rmSync(join(folder.path, 'curl'))
    }
    const ratios = muster.map((one, at) => one / (curl[at] ?? NaN))
    const value = median(ratios)
    rows.push(
      figure(`curl, ${name}`, megabytes(median(curl))),
      figure(`Muster with its hash, ${name}`, megabytes(median(muster))),
      figure('of what curl reaches', value.toFixed(2), {
        ...{ value, noise: spread(ratios) },
        ...(atLeast !== undefined && { atLeast }),
      }),
    )
  }
  try {
    await measure('a hub that gives each connection 25 MB/s', 25e6, AT_LEAST)
    // No line is so fast: what this tells is what a byte costs, hash and sync to the disk among it, which curl leaves out.
    await measure('a hub without a limit', 0)
  } finally {
    const exited = once(hub, 'exit')
    hub.stdin.end()
    await exited
    folder.dispose()
  }
  return { name: 'Downloads: one file of 256 MiB from a hub on this machine', rows }
}
