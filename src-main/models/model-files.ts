import { open, readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

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

const JSON_LIMIT = 64 * 1024 * 1024

/** The configuration, the weights, and what turns text into tokens and back. */
const MODEL_FILES: readonly RegExp[] = [
  /^(?:config|generation_config|hf_quant_config)\.json$/,
  /^model[\w.-]*\.safetensors(?:\.index\.json)?$/,
  /^tokenizer[\w.-]*\.(?:json|txt|model|model\.v\d+)$/,
  /^(?:added_tokens|special_tokens_map|tekken|vocab)\.json$/,
  /^(?:merges|vocab)\.txt$/,
  /^(?:spiece|sentencepiece\.bpe|tiktoken)\.model$/,
  /^\w+\.tiktoken$/,
  /^chat_template\.(?:jinja|json)$/,
]

/**
 * Whether a file belongs to what is read of a model, copied between machines and fetched from a hub. Pictures, notes
 * and the originals of other formats do not; nor does anything that could be run (Python, pickles), whoever offers it.
 */
export const isModelFile = (name: string): boolean => MODEL_FILES.some((pattern) => pattern.test(name))

/**
 * The relevant files of a directory in order of name, links followed (the Hugging Face cache is made of them). A link
 * to nowhere, a pipe or a directory under such a name is no file. Undefined where this is no directory that can be read.
 */
export const listModelFiles = async (directory: string): Promise<ModelFile[] | undefined> => {
  const names = await readdir(directory).catch(() => undefined)
  if (!names) return undefined
  const files = names
    .filter(isModelFile)
    .sort()
    .map(async (name): Promise<ModelFile[]> => {
      const found = await stat(join(directory, name)).catch(() => undefined)
      return found?.isFile() ? [{ name, size: found.size, modifiedMs: found.mtimeMs }] : []
    })
  return (await Promise.all(files)).flat()
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * The content of a JSON file of the model.
 *
 * @throws ModelFileError where it is missing, too large or no JSON
 */
export const readModelJson = async (directory: string, files: readonly ModelFile[], name: string): Promise<unknown> => {
  const file = files.find((one) => one.name === name)
  if (!file) throw new ModelFileError(`${name} is missing`)
  if (file.size > JSON_LIMIT) throw new ModelFileError(`${name} is damaged: ${file.size} bytes are too many`)
  try {
    return JSON.parse(await readFile(join(directory, name), 'utf8'))
  } catch (error) {
    throw new ModelFileError(`${name} is damaged: ${reasonOf(error)}`, { cause: error })
  }
}

const INDEX = 'model.safetensors.index.json'

const Index = z.object({
  metadata: z
    .object({ total_size: z.number().int().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  weight_map: z.record(z.string(), z.string()),
})

const Header = z.record(z.string(), z.object({ data_offsets: z.tuple([z.number(), z.number()]).optional() }).loose())

export interface Weights {
  /** Bytes of all weight files; where some are missing, what the index promises. */
  readonly bytes: number
  /** The first file that is missing or damaged, and how. */
  readonly problem?: string
}

/**
 * Compares what a safetensors file's header promises with the file's size: a download that broke off is short.
 * The format is a length (8 bytes, little endian), that many bytes of JSON, then the tensors without gaps.
 */
const checkSafetensors = async (directory: string, { name, size }: ModelFile): Promise<string | undefined> => {
  try {
    const file = await open(join(directory, name), 'r')
    try {
      const head = Buffer.alloc(8)
      const { bytesRead } = await file.read(head, 0, 8, 0)
      const length = bytesRead === 8 ? head.readBigUInt64LE() : undefined
      if (length === undefined || length > BigInt(Math.min(JSON_LIMIT, size - 8))) {
        return `${name} is damaged: its header does not fit into its ${size} bytes`
      }
      const header = Buffer.alloc(Number(length))
      await file.read(header, 0, header.length, 8)
      const tensors = Object.values(Header.parse(JSON.parse(header.toString('utf8'))))
      const promised = 8 + header.length + tensors.reduce((end, { data_offsets: at }) => Math.max(end, at?.[1] ?? 0), 0)
      return size < promised ? `${name} is damaged: it ends after ${size} of ${promised} bytes` : undefined
    } finally {
      await file.close()
    }
  } catch (error) {
    // What zod says of a header is long and about names nobody knows.
    return `${name} is damaged: ${error instanceof z.ZodError ? 'its header is not one of safetensors' : reasonOf(error)}`
  }
}

export const isWeights = (name: string): boolean => name.endsWith('.safetensors')

/** Looks at the weights as mlx-lm would load them. Undefined where there is no sign of any. */
export const inspectWeights = async (directory: string, files: readonly ModelFile[]): Promise<Weights | undefined> => {
  const present = files.filter(({ name }) => isWeights(name))
  const bytes = present.reduce((sum, { size }) => sum + size, 0)
  if (files.some(({ name }) => name === INDEX)) {
    const index = Index.safeParse(await readModelJson(directory, files, INDEX).catch(() => undefined))
    if (!index.success) return { bytes, problem: `${INDEX} is damaged: it does not tell which file holds what` }
    const wanted = [...new Set(Object.values(index.data.weight_map))].sort()
    const missing = wanted.filter((name) => !present.some((file) => file.name === name))
    if (missing[0] !== undefined) {
      const others = missing.length === 1 ? '' : `, and ${missing.length - 1} more of ${wanted.length} files`
      return {
        bytes: Math.max(bytes, index.data.metadata?.total_size ?? 0),
        problem: `${missing[0]} is missing${others}`,
      }
    }
  }
  if (present.length === 0) return undefined
  for (const file of present) {
    const problem = await checkSafetensors(directory, file)
    if (problem !== undefined) return { bytes, problem }
  }
  return { bytes }
}
