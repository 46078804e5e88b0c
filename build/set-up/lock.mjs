import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const BEAT_MS = 1000
const STALE_MS = 15_000

/**
 * Lets one process at a time through; the others wait. The holder touches the file every second, so a
 * lock whose holder was killed is known by its age or by its process being gone.
 *
 * @param {string} file
 * @param {{ signal: AbortSignal, onWait: (holder: string) => void, pollMs?: number }} options
 * @returns {Promise<() => Promise<void>>} the release
 */
export async function acquireLock(file, { signal, onWait, pollMs = 300 }) {
  await mkdir(path.dirname(file), { recursive: true })
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
    await handle.writeFile(String(process.pid))
    await handle.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
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
 * By renaming first: of two that find the same abandoned lock only one gets to remove it. Whoever
 * renames the lock that the other has taken since gives it back.
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
 * Tells one lock file from the next of the same name; inodes alone are used again at once.
 *
 * @param {string} file
 */
const identityOf = (file) =>
  stat(file, { bigint: true }).then(
    ({ ino, birthtimeNs }) => `${ino} ${birthtimeNs}`,
    () => undefined,
  )
