import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** What a whole file has to be: by SHA-256 of its bytes, or as git names it (SHA-1 of `blob SIZE\0` and its bytes). */
export interface Digest {
  readonly kind: 'sha256' | 'git-blob'
  readonly hex: string
}

/** Hashes a file as it is on the disk. */
export const hexOf = async (path: string, kind: Digest['kind'], signal?: AbortSignal): Promise<string> => {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1')
  if (kind === 'git-blob') hash.update(`blob ${(await stat(path)).size}\0`)
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export const matches = async (path: string, digest: Digest, signal?: AbortSignal): Promise<boolean> =>
  (await hexOf(path, digest.kind, signal)) === digest.hex
