import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { SetUpProblem } from './problem.mjs'

const BEAT_MS = 1000
const STALE_MS = 15_000

/**
 * Acquires a lock between processes. The holder touches the file every second, so a lock whose holder was killed is
 * recognized by its age, or by its process being gone. Rejects with a `SetUpProblem` if nothing can be written there.
 *
 * @param {string} file
 * @param {{ signal: AbortSignal, onWait: (holder: string) => void, pollMs?: number }} options
 * @returns {Promise<() => Promise<void>>} the release
 */
export async function acquireLock(file, { signal, onWait, pollMs = 300 }) {
  await mkdir(path.dirname(file), { recursive: true }).catch(unwritable(file))
  let told = false
  while (!(await tryToTake(file))) {
    const found = await identityOf(file)
    const holder = await readFile(file, 'utf8').catch(() => '')
    if (await isAbandoned(file, holder)) {
      await discard(file, found)
      continue
    }
    if (!told) onWait(holder)
    told = true
    await wait(pollMs, undefined, { signal })
  }
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS)
  beat.unref()
  return async () => {
    clearInterval(beat)
    await rm(file, { force: true })
  }
}

/** @param {string} file */
async function tryToTake(file) {
  try {
    const handle = await open(file, 'wx')
    try {
      await handle.writeFile(String(process.pid))
    } catch (error) {
      // Without its holder the next process would wait until it is old.
      await rm(file, { force: true })
      throw error
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    return unwritable(file)(error)
  }
}

/**
 * @param {string} file
 * @returns {(error: unknown) => never}
 */
const unwritable = (file) => (error) => {
  throw new SetUpProblem({
    message: `Nothing can be set up: ${path.dirname(file)} cannot be written (${error instanceof Error ? error.message : String(error)})`,
    hint: 'The repository must belong to the user who runs this command, on a disk that has free space and is not read-only.',
    cause: error,
  })
}

/**
 * @param {string} file
 * @param {string} holder a process id, or nothing while the holder is still writing it
 */
async function isAbandoned(file, holder) {
  const age = await stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  )
  return age > STALE_MS || (holder !== '' && !isRunning(Number(holder)))
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Removes an abandoned lock. Renames it first, so that only one of two processes removes it; if it turns out to be the
 * other process's new lock, it is renamed back.
 *
 * @param {string} file
 * @param {string | undefined} found the identity of the lock that was found abandoned
 */
async function discard(file, found) {
  const aside = `${file}.abandoned-${process.pid}`
  await rename(file, aside).catch(() => undefined)
  if ((await identityOf(aside)) !== found) await link(aside, file).catch(() => undefined)
  await rm(aside, { force: true })
}

/**
 * Identifies a lock file among successive ones of the same name: inode numbers alone are reused at once.
 *
 * @param {string} file
 */
const identityOf = (file) =>
  stat(file, { bigint: true }).then(
    ({ ino, birthtimeNs }) => `${ino} ${birthtimeNs}`,
    () => undefined,
  )
