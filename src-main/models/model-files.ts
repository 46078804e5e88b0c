import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of a model is missing or damaged. The message begins with the file's name. */
export class ModelFileError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'ModelFileError'
  }
}

export interface ModelFile {
  readonly name: string
  readonly size: number
  readonly modifiedMs: number
}

/** The configuration, the weights, and what turns text into tokens and back. */
const MODEL_FILES: readonly RegExp[] = [
  /^(?:config|generation_config|hf_quant_config)\.json$/,
  /^(?:preprocessor|processor)_config\.json$/,
  /^(?:modules|config_sentence_transformers|sentence_bert_config)\.json$/,
  /^model[\w.-]*\.safetensors(?:\.index\.json)?$/,
  /^tokenizer[\w.-]*\.(?:json|txt|model|model\.v\d+)$/,
  /^(?:added_tokens|special_tokens_map|tekken|vocab)\.json$/,
  /^(?:merges|vocab)\.txt$/,
  /^(?:spiece|sentencepiece\.bpe|tiktoken)\.model$/,
  /^\w+\.tiktoken$/,
  /^chat_template\.(?:jinja|json)$/,
]

/** The settings of one step of an embedding model; nothing else of a model lies in a folder of its own. */
const STEP_FOLDER = /^\d{1,2}_[A-Za-z]{1,50}$/
const STEP_FILE = 'config.json'

/** Whether a name is that of a step's settings, such as `1_Pooling/config.json`. */
export const isStepFile = (name: string): boolean => {
  const [folder = '', file, ...more] = name.split('/')
  return STEP_FOLDER.test(folder) && file === STEP_FILE && more.length === 0
}

/**
 * Whether a file belongs to what is read of a model, copied between machines and fetched from a hub. Pictures, notes
 * and the originals of other formats do not; nor does anything that could be run (Python, pickles), whoever offers it.
 */
export const isModelFile = (name: string): boolean =>
  isStepFile(name) || MODEL_FILES.some((pattern) => pattern.test(name))

/**
 * The relevant files of a directory in order of name, links followed (the Hugging Face cache is made of them). A link
 * to nowhere, a pipe or a directory under such a name is no file. Undefined where this is no directory that can be read.
 */
export const listModelFiles = async (directory: string): Promise<ModelFile[] | undefined> => {
  const names = await readdir(directory).catch(() => undefined)
  if (!names) return undefined
  const files = names
    .map((name) => (STEP_FOLDER.test(name) ? `${name}/${STEP_FILE}` : name))
    .filter(isModelFile)
    .sort()
    .map(async (name): Promise<ModelFile[]> => {
      const found = await stat(join(directory, name)).catch(() => undefined)
      return found?.isFile() ? [{ name, size: found.size, modifiedMs: found.mtimeMs }] : []
    })
  return (await Promise.all(files)).flat()
}
