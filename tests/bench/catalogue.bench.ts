import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ModelId } from '@core/ids'
import { openCatalogue } from '@main/models/catalogue'
import { writeModel } from '@main/models/testing/model-on-disk'
import { temporaryFolder } from '../harness/headless-node'
import { processorTime } from './own-processor-time'
import { figure, median, milliseconds, spread, type Bench } from './report'

const MODELS = 500
const RUNS = 5

/** Processor time that a start takes to know the models on its disks: what no earlier start has seen, and what one has. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  try {
    mkdirSync(join(folder.path, 'home'))
    for (let at = 0; at < MODELS; at += 1) writeModel(join(folder.path, 'models', `owner-${at % 20}`, `model-${at}`))
    const start = async (): Promise<number> => {
      const begun = processorTime()
      const catalogue = openCatalogue({
        dataDir: folder.path,
        home: join(folder.path, 'home'),
        env: {},
        starter: ModelId.parse('owner-0/model-0'),
        version: 'bench',
        cacheFile: join(folder.path, 'models-found.json'),
      })
      await catalogue.ready
      const took = processorTime() - begun
      if (catalogue.list().length !== MODELS) throw new Error(`it found ${catalogue.list().length} models`)
      await catalogue.close()
      return took
    }
    const cold = await start()
    const warm: number[] = []
    for (let at = 0; at < RUNS; at += 1) warm.push(await start())
    const value = median(warm)
    return {
      name: `Models on the disk: ${MODELS} when a node starts, in processor time`,
      rows: [
        figure('the first time', milliseconds(cold)),
        figure('as an earlier start saw them', milliseconds(value), {
          ...{ value, atMost: 300, unit: 'ms' },
          noise: spread(warm, 0),
        }),
      ],
    }
  } finally {
    folder.dispose()
  }
}
