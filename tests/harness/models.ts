import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { coderModel, python, required, root, starterModel } from './paths'

export const TINY = 'muster/tiny'
export const CODER = 'Qwen/Qwen2.5-Coder-0.5B-Instruct'
export const STARTER = 'HuggingFaceTB/SmolLM2-135M-Instruct'

export const TINY_SEEING = 'muster/tiny-seeing'

/** The tiny embedding model's dimensions and context length. */
export const TINY_EMBEDDING = { modelId: 'muster/tiny-encoder', width: 32, context: 128 } as const

interface Made {
  readonly name: string
  readonly module: string
  readonly more?: readonly string[]
  /** The file that is written last. */
  readonly last?: string
}

const made = ({ name, module, more = [], last = 'config.json' }: Made): string => {
  const out = join(root, '.cache', 'test-models', name)
  if (!existsSync(join(out, last))) {
    mkdirSync(dirname(out), { recursive: true })
    execFileSync(required(python, 'run `npm test`, which makes it'), ['-m', module, out, ...more])
  }
  return out
}

/** A model with random weights, made once. */
export const tinyModel = (): string => made({ name: 'tiny', module: 'muster_runner.model.make_tiny' })

/** An embedding model with random weights, made once: BERT, as saved by sentence-transformers. */
export const tinyEmbeddingModel = (): string =>
  made({ name: 'tiny-encoder', module: 'muster_runner.embedding.make_tiny' })

/** A vision model with random weights, made once: Qwen2-VL. */
const tinySeeingModel = (): string => made({ name: 'tiny-seeing', module: 'muster_runner.vision.make_tiny' })

/** All files of a folder and its subfolders, as `FOLDER/NAME`, sorted. */
export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(join(folder, entry.name)).map((name) => `${entry.name}/${name}`) : [entry.name],
    )
    .sort()

const storeOf = (dataDir: string, modelId: string): string => {
  const path = join(dataDir, 'models', ...modelId.split('/'))
  mkdirSync(dirname(path), { recursive: true })
  return path
}

/** Copies the tiny model into a data folder; a test may damage the copy. */
export const addTinyModel = (dataDir: string, modelId: string = TINY): string => {
  const path = storeOf(dataDir, modelId)
  cpSync(tinyModel(), path, { recursive: true })
  return path
}

/** Puts a draft model for the tiny one into a data folder: one layer, the same tokenizer. */
export const addTinyDraft = (dataDir: string, modelId: string): string => {
  const path = storeOf(dataDir, modelId)
  cpSync(made({ name: 'tiny-draft', module: 'muster_runner.model.make_tiny', more: ['--layers', '1'] }), path, {
    recursive: true,
  })
  return path
}

/** A LoRA adapter of the tiny model, made once per test run. */
export const tinyAdapter = (): string =>
  made({
    name: 'tiny-adapter',
    module: 'muster_runner.model.make_tiny_adapter',
    more: ['--model', tinyModel()],
    last: 'adapter_config.json',
  })

/** The same adapter in the format of PEFT. */
const tinyPeftAdapter = (): string =>
  made({
    name: 'tiny-peft-adapter',
    module: 'muster_runner.model.make_tiny_adapter',
    more: ['--model', tinyModel(), '--peft'],
    last: 'adapter_config.json',
  })

/** Puts a LoRA adapter of the tiny model into a data folder. */
export const addTinyAdapter = (dataDir: string, modelId: string, { peft = false } = {}): string => {
  const path = storeOf(dataDir, modelId)
  cpSync(peft ? tinyPeftAdapter() : tinyAdapter(), path, { recursive: true })
  return path
}

/** Puts a tiny model with a context of thousands of tokens into a data folder. Returns its folder. */
export const addLongTinyModel = (dataDir: string, context = 16_384): string => {
  const path = addTinyModel(dataDir)
  for (const [file, field] of [
    ['config.json', 'max_position_embeddings'],
    ['tokenizer_config.json', 'model_max_length'],
  ] as const) {
    const settings = JSON.parse(readFileSync(join(path, file), 'utf8')) as object
    writeFileSync(join(path, file), JSON.stringify({ ...settings, [field]: context }))
  }
  return path
}

/** Copies the tiny vision model into a data folder. */
export const addTinySeeingModel = (dataDir: string): string => {
  const path = storeOf(dataDir, TINY_SEEING)
  cpSync(tinySeeingModel(), path, { recursive: true })
  return path
}

/** Copies the tiny embedding model into a data folder. */
export const addTinyEmbeddingModel = (dataDir: string): string => {
  const path = storeOf(dataDir, TINY_EMBEDDING.modelId)
  cpSync(tinyEmbeddingModel(), path, { recursive: true })
  return path
}

/** Links instead of copying: such models are large and read-only. */
const linkModel = (dataDir: string, modelId: string, model: string): string => {
  const path = storeOf(dataDir, modelId)
  symlinkSync(required(model, 'run `npm test`, which fetches it'), path)
  return path
}

/** Puts the starter model into a data folder. */
export const addStarterModel = (dataDir: string): string => linkModel(dataDir, STARTER, starterModel)

/** Puts a real model that calls tools into a data folder. */
export const addCoderModel = (dataDir: string): string => linkModel(dataDir, CODER, coderModel)
