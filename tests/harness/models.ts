import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { python, required, root, starterModel } from './paths'

export const TINY = 'muster/tiny'
export const STARTER = 'HuggingFaceTB/SmolLM2-135M-Instruct'

/** A model with random weights, made once. */
export const tinyModel = (): string => {
  const out = join(root, '.cache', 'test-models', 'tiny')
  if (!existsSync(join(out, 'config.json'))) {
    mkdirSync(dirname(out), { recursive: true })
    execFileSync(required(python, 'run `npm test`, which makes it'), ['-m', 'muster_runner.make_tiny', out])
  }
  return out
}

const storeOf = (dataDir: string, modelId: string): string => {
  const path = join(dataDir, 'models', ...modelId.split('/'))
  mkdirSync(dirname(path), { recursive: true })
  return path
}

/** Puts a copy of the tiny model into a data folder; a test may damage it. */
export const addTinyModel = (dataDir: string, modelId: string = TINY): string => {
  const path = storeOf(dataDir, modelId)
  cpSync(tinyModel(), path, { recursive: true })
  return path
}

/** Puts the starter model into a data folder, by link: it is large and nothing writes to it. */
export const addStarterModel = (dataDir: string): string => {
  const path = storeOf(dataDir, STARTER)
  symlinkSync(required(starterModel, 'run `npm test`, which fetches it'), path)
  return path
}
