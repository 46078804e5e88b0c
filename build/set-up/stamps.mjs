import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Fingerprints the inputs of a step: files, whole folders and values. Missing ones count as such.
 *
 * @param {{ files?: readonly string[], values?: readonly string[] }} inputs
 * @returns {Promise<string>} hex
 */
export async function fingerprint({ files = [], values = [] }) {
  const hash = createHash('sha256')
  for (const value of values) hash.update(`value ${value}\0`)
  for (const file of files) await addFile(hash, file)
  return hash.digest('hex')
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} file
 */
async function addFile(hash, file) {
  try {
    hash.update(`file ${path.basename(file)}\0`).update(await readFile(file))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') hash.update('missing\0')
    else if (code === 'EISDIR')
      for (const name of (await readdir(file)).sort()) await addFile(hash, path.join(file, name))
    else throw error
  }
}

/**
 * A stamp records with which inputs a step was last completed. It is inside the step's result, so that both are
 * deleted together.
 *
 * @param {string} file
 */
export function stampAt(file) {
  return {
    /** @returns {Promise<string | undefined>} */
    read: async () => readFile(file, 'utf8').catch(() => undefined),

    /** @param {string} value */
    write: async (value) => {
      await mkdir(path.dirname(file), { recursive: true })
      const draft = `${file}.${process.pid}`
      await writeFile(draft, value)
      await rename(draft, file)
    },

    /** Removes the stamp: from here on the step counts as not done, even if it is interrupted. */
    remove: async () => rm(file, { force: true }),
  }
}
