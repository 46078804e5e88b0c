import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A small safetensors file with one tensor of this many bytes. */
export const safetensors = (bytes: number): Buffer => {
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(bytes)])
}

export const llamaConfig = {
  model_type: 'llama',
  num_hidden_layers: 30,
  hidden_size: 576,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  vocab_size: 49152,
  max_position_embeddings: 8192,
  quantization: { group_size: 64, bits: 4 },
}

/** Replacement contents by file name; `null` omits the file. */
export type FileChanges = Readonly<Record<string, string | Buffer | null>>

/** Files of a runnable chat model. */
export const modelFiles = (changes: FileChanges = {}): Map<string, string | Buffer> => {
  const files: Record<string, string | Buffer | null> = {
    'config.json': JSON.stringify(llamaConfig),
    'model.safetensors': safetensors(1000),
    'tokenizer.json': '{}',
    'tokenizer_config.json': JSON.stringify({ chat_template: '{{ messages }}' }),
    ...changes,
  }
  return new Map(
    Object.entries(files).flatMap(([name, content]) => (content === null ? [] : [[name, content] as const])),
  )
}

export const writeModel = (directory: string, changes: FileChanges = {}): string => {
  mkdirSync(directory, { recursive: true })
  for (const [name, content] of modelFiles(changes)) writeFileSync(join(directory, name), content)
  return directory
}

interface CachedModel {
  readonly revision?: string
  /** Content of refs/main; default: the revision. */
  readonly main?: string
}

/** Writes a model in `huggingface_hub`'s layout: content in blobs, links in the snapshot of a revision. */
export const writeCachedModel = (
  cache: string,
  repository: string,
  { revision = 'abc123', main }: CachedModel = {},
): string => {
  const root = join(cache, `models--${repository.replace('/', '--')}`)
  const snapshot = join(root, 'snapshots', revision)
  for (const folder of ['blobs', 'refs', join('snapshots', revision)])
    mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'refs', 'main'), main ?? revision)
  for (const [name, content] of modelFiles()) {
    const blob = `${revision}-${name}`
    writeFileSync(join(root, 'blobs', blob), content)
    symlinkSync(join('..', '..', 'blobs', blob), join(snapshot, name))
  }
  return snapshot
}
