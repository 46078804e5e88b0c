import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isShortage } from '../shortage'
import type { ModelFile } from './model-files'

/** Tensor shapes by name. */
export type Tensors = ReadonlyMap<string, readonly number[]>

const HEADER_LIMIT = 64 * 1024 * 1024

const whole = z.number().int().nonnegative()
const Tensor = z.object({ dtype: z.string(), shape: z.array(whole), data_offsets: z.tuple([whole, whole]) })
type Tensor = z.infer<typeof Tensor>

/** Bytes per value; types that pack several values into a byte are omitted. */
const VALUE_BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, C64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1 },
  ...{ BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 },
}

export type SafetensorsHeader =
  | { readonly status: 'read'; readonly tensors: Tensors }
  /** The problem, without the file's name. */
  | { readonly status: 'damaged'; readonly how: string }

const damaged = (how: string): SafetensorsHeader => ({ status: 'damaged', how })

const wrongBytes = (name: string, { dtype, shape, data_offsets: [begin, end] }: Tensor): string | undefined => {
  if (end < begin) return `its header has ${name} end before it begins (data_offsets ${begin}, ${end})`
  const size = VALUE_BYTES[dtype]
  const expected = size === undefined ? undefined : shape.reduce((product, length) => product * length, size)
  return expected === undefined || expected === end - begin
    ? undefined
    : `its header gives ${name} ${end - begin} bytes (data_offsets), but ${dtype} of shape [${shape.join(', ')}] has ${expected}`
}

const overlapping = (tensors: readonly (readonly [string, Tensor])[]): string | undefined => {
  const inOrder = tensors
    .filter(([, { data_offsets: at }]) => at[1] > at[0])
    .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0])
  const at = inOrder.findIndex(([, { data_offsets: here }], n) => here[0] < (inOrder[n - 1]?.[1].data_offsets[1] ?? 0))
  return at < 0 ? undefined : `its header has ${inOrder[at - 1]?.[0]} and ${inOrder[at]?.[0]} overlap (data_offsets)`
}

/**
 * Checks a parsed header against the number of bytes that follow it.
 *
 * @param bytes size of the whole file
 */
export const checkHeader = (
  header: unknown,
  { headerBytes, bytes }: { headerBytes: number; bytes: number },
): SafetensorsHeader => {
  const parsed = z.record(z.string(), z.unknown()).safeParse(header)
  if (!parsed.success || Array.isArray(header))
    return damaged('its header is not one of safetensors: expected an object')
  const tensors: (readonly [string, Tensor])[] = []
  for (const [name, value] of Object.entries(parsed.data)) {
    if (name === '__metadata__') continue
    const tensor = Tensor.safeParse(value)
    if (!tensor.success)
      return damaged(`its header is not one of safetensors: ${name} has no dtype, shape and data_offsets`)
    tensors.push([name, tensor.data])
  }
  const end = 8 + headerBytes + tensors.reduce((most, [, { data_offsets: at }]) => Math.max(most, at[1]), 0)
  if (bytes < end) return damaged(`it ends after ${bytes} of ${end} bytes`)
  for (const [name, tensor] of tensors) {
    const wrong = wrongBytes(name, tensor)
    if (wrong !== undefined) return damaged(wrong)
  }
  const overlap = overlapping(tensors)
  if (overlap !== undefined) return damaged(overlap)
  return { status: 'read', tensors: new Map(tensors.map(([name, { shape }]) => [name, shape])) }
}

/**
 * Reads the header of a safetensors file: its length (8 bytes, little endian), then JSON, then the tensors. A truncated
 * download is shorter than its header says. Rejects with the system's error for a shortage, which says nothing about the
 * file.
 *
 * @see https://huggingface.co/docs/safetensors/index
 */
export const readSafetensors = async (directory: string, { name, size }: ModelFile): Promise<SafetensorsHeader> => {
  try {
    const file = await open(join(directory, name), 'r')
    try {
      const head = Buffer.alloc(8)
      const { bytesRead } = await file.read(head, 0, 8, 0)
      const length = bytesRead === 8 ? head.readBigUInt64LE() : undefined
      if (length === undefined || length > BigInt(Math.min(HEADER_LIMIT, size - 8)))
        return damaged(`its header does not fit into its ${size} bytes`)
      const header = Buffer.alloc(Number(length))
      await file.read(header, 0, header.length, 8)
      return checkHeader(JSON.parse(header.toString('utf8')), { headerBytes: header.length, bytes: size })
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isShortage(error)) throw error
    return damaged(error instanceof Error ? error.message : String(error))
  }
}
