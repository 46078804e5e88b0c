import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { undefinedUnlessShort } from '../shortage'

/** A model file is missing or damaged. The message starts with the file's name. */
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

/** Configuration, weights and tokenizer files. */
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
  // A LoRA adapter as mlx-lm or PEFT writes it.
  /^adapter_config\.json$/,
  /^(?:adapters|adapter_model)\.safetensors$/,
]

/** Folders of an embedding model's steps; model files are in no other subfolder. */
const STEP_FOLDER = /^\d{1,2}_[A-Za-z]{1,50}$/
const STEP_FILE = 'config.json'

/** Whether a name is the settings file of a step, such as `1_Pooling/config.json`. */
export const isStepFile = (name: string): boolean => {
  const [folder = '', file, ...more] = name.split('/')
  return STEP_FOLDER.test(folder) && file === STEP_FILE && more.length === 0
}

/**
 * Whether a file is read, copied between machines and downloaded as part of a model. Excluded are images, notes, other
 * weight formats, and everything executable (Python, pickles) from any source.
 */
export const isModelFile = (name: string): boolean =>
  isStepFile(name) || MODEL_FILES.some((pattern) => pattern.test(name))

/**
 * Lists the relevant files of a folder by name. Symbolic links are followed (the Hugging Face cache consists of them);
 * broken links, pipes and folders are skipped. Undefined if the folder cannot be read. Rejects with the system's error for a
 * shortage, which says nothing about the folder.
 */
export const listModelFiles = async (directory: string): Promise<ModelFile[] | undefined> => {
  const names = await readdir(directory).catch(undefinedUnlessShort)
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
