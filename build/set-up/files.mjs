import { stat } from 'node:fs/promises'

/** @param {string} file */
export const exists = async (file) => (await modifiedAt(file)) !== undefined

/**
 * @param {string} file
 * @returns {Promise<number | undefined>} milliseconds since the epoch; undefined if there is no such file
 */
export const modifiedAt = (file) =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
